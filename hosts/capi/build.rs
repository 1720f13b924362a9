//! Gives the shared library the name that programs look for: with the version of its interface.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libgatebend.so.1");
    }
}
