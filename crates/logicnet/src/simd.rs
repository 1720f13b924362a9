//! The choice of vector instructions at run time.

#[cfg(target_arch = "x86_64")]
cpufeatures::new!(vectors, "avx2", "bmi1", "popcnt");

/// True if the processor has AVX2 and the extensions compiled with it. Processors other
/// than `x86_64` use the instructions that are known when compiling.
#[cfg(target_arch = "x86_64")]
pub fn has_avx2() -> bool {
    vectors::get()
}

/// Defines a function whose body is also compiled for AVX2, and calls that version if the
/// processor has it. Functions that the body calls must be `#[inline(always)]`; otherwise
/// they are compiled for the oldest processor of the target.
#[macro_export]
macro_rules! vectorized {
    ($(#[$doc:meta])* $vis:vis fn $name:ident $([$W:ident: $Bound:ident])? (
        $($arg:ident: $Arg:ty),* $(,)?
    ) $(-> $Ret:ty)? $body:block) => {
        $(#[$doc])*
        #[allow(unsafe_code)]
        $vis fn $name $(<$W: $Bound>)? ($($arg: $Arg),*) $(-> $Ret)? {
            #[inline(always)]
            fn plain $(<$W: $Bound>)? ($($arg: $Arg),*) $(-> $Ret)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,bmi1,popcnt")]
            unsafe fn avx2 $(<$W: $Bound>)? ($($arg: $Arg),*) $(-> $Ret)? {
                plain $(::<$W>)? ($($arg),*)
            }

            #[cfg(target_arch = "x86_64")]
            if $crate::simd::has_avx2() {
                // SAFETY: `has_avx2` is true if the processor has the features that `avx2`
                // is compiled for; `avx2` has no other requirement.
                return unsafe { avx2 $(::<$W>)? ($($arg),*) };
            }
            plain $(::<$W>)? ($($arg),*)
        }
    };
}
pub use vectorized;
