//! Loom's models, which check all interleavings of threads that share more than a ring.
//! Each includes the source file, compiled with loom's atomics.

#![cfg(loom)]

#[allow(dead_code, missing_docs)]
#[path = "../../../src/pru/status.rs"]
mod status;

#[cfg(test)]
mod tests {
    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicU32, Ordering};
    use loom::thread;

    use super::status::{ReadyProgram, SharedStatus};

    const FIRST: ReadyProgram = ReadyProgram {
        epoch: 1,
        program: 10,
    };
    const SECOND: ReadyProgram = ReadyProgram {
        epoch: 2,
        program: 20,
    };

    #[test]
    fn a_ready_program_belongs_to_its_epoch_and_is_uploaded() {
        loom::model(|| {
            let status = Arc::new(SharedStatus::default());
            // Stands for the PRU's memory: the program that was uploaded last.
            let memory = Arc::new(AtomicU32::new(0));
            let supervisor = {
                let (status, memory) = (Arc::clone(&status), Arc::clone(&memory));
                thread::spawn(move || {
                    for ready in [FIRST, SECOND] {
                        memory.store(ready.program, Ordering::Relaxed);
                        status.set_ready(Some(ready));
                    }
                })
            };
            if let Some(ready) = status.ready() {
                assert!(ready == FIRST || ready == SECOND);
                assert!(memory.load(Ordering::Relaxed) >= ready.program);
            }
            supervisor.join().unwrap();
            assert_eq!(status.ready(), Some(SECOND));
        });
    }

    #[test]
    fn giving_up_an_epoch_does_not_stop_the_next_one() {
        loom::model(|| {
            let status = Arc::new(SharedStatus::default());
            status.set_ready(Some(FIRST));
            let audio = {
                let status = Arc::clone(&status);
                thread::spawn(move || {
                    status.give_up(FIRST.epoch);
                    status.ready()
                })
            };
            if status.is_given_up(FIRST.epoch) {
                status.set_ready(Some(SECOND));
            }
            let seen = audio.join().unwrap();
            assert!(seen == Some(FIRST) || seen == Some(SECOND));
            assert!(status.is_given_up(FIRST.epoch) && !status.is_given_up(SECOND.epoch));
        });
    }
}
