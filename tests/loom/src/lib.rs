//! Loom's models: every order in which threads can meet where they share more than a
//! ring. Each includes the file itself, compiled with loom's atomics.

#![cfg(loom)]

#[allow(dead_code, missing_docs)]
#[path = "../../../src/pru/link.rs"]
mod link;

#[cfg(test)]
mod tests {
    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicU32, Ordering};
    use loom::thread;

    use super::link::{Link, Ready};

    const FIRST: Ready = Ready {
        epoch: 1,
        program: 10,
    };
    const SECOND: Ready = Ready {
        epoch: 2,
        program: 20,
    };

    #[test]
    fn a_ready_program_belongs_to_its_epoch_and_is_uploaded() {
        loom::model(|| {
            let link = Arc::new(Link::default());
            // Stands for the PRU's memory: the program that was uploaded last.
            let memory = Arc::new(AtomicU32::new(0));
            let supervisor = {
                let (link, memory) = (Arc::clone(&link), Arc::clone(&memory));
                thread::spawn(move || {
                    for ready in [FIRST, SECOND] {
                        memory.store(ready.program, Ordering::Relaxed);
                        link.set_ready(Some(ready));
                    }
                })
            };
            if let Some(ready) = link.ready() {
                assert!(ready == FIRST || ready == SECOND);
                assert!(memory.load(Ordering::Relaxed) >= ready.program);
            }
            supervisor.join().unwrap();
            assert_eq!(link.ready(), Some(SECOND));
        });
    }

    #[test]
    fn giving_up_an_epoch_does_not_stop_the_next_one() {
        loom::model(|| {
            let link = Arc::new(Link::default());
            link.set_ready(Some(FIRST));
            let audio = {
                let link = Arc::clone(&link);
                thread::spawn(move || {
                    link.give_up(FIRST.epoch);
                    link.ready()
                })
            };
            if link.is_given_up(FIRST.epoch) {
                link.set_ready(Some(SECOND));
            }
            let seen = audio.join().unwrap();
            assert!(seen == Some(FIRST) || seen == Some(SECOND));
            assert!(link.is_given_up(FIRST.epoch) && !link.is_given_up(SECOND.epoch));
        });
    }
}
