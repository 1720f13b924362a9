//! Vector instructions chosen at run time.

#[cfg(target_arch = "x86_64")]
cpufeatures::new!(vectors, "avx2", "bmi1", "popcnt");

/// Whether 256-bit instructions are there. On other processors than `x86_64` the
/// target's own are known when compiling and nothing is chosen.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx2() -> bool {
    vectors::get()
}

/// Defines a function that runs its body compiled for AVX2 where the processor
/// has it. Everything the body calls must be `#[inline(always)]`, or it is
/// compiled for the oldest processor.
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
                // SAFETY: the processor has just been found to have the
                // features, which is all that calling `avx2` asks for.
                return unsafe { avx2 $(::<$W>)? ($($arg),*) };
            }
            plain $(::<$W>)? ($($arg),*)
        }
    };
}
pub(crate) use vectorized;
