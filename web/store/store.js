// What is known of the instrument, and the only way to ask it for something. It
// owns the connection; it draws and sounds nothing.
//
// It tells what changed by an event of the section's name, with the section as
// `detail`: `welcome`, `status`, `connection`, `activity`, `display`, `sound`, those of
// the state (`network`, `layers`, `touched`, `parameters`, `library`, `presets`,
// `transport`, `history`, `page`, `notice`), `problem`, a sentence for people, and for who
// keeps things: `kept`, what is played now, and `done`, an edit that was made.

import { Away, Connection } from '../link/connection.js';
import { frame } from '../link/frames.js';
import { certain, isEdit, Journal } from './journal.js';

/** @import { ClientMessage, ServerMessage } from '../link/connection.js' */
/** @import { State } from '../types/State' */
/** @import { Status } from '../types/Status' */
/** @import { Welcome } from '../types/Welcome' */
/** @import { Parameter } from '../types/Parameter' */
/** @import { Connect, Standing } from '../link/connection.js' */
/** @import { Entry } from './journal.js' */
/** @import { Activity, Display } from '../link/frames.js' */

/** Where the instrument is: served with this page, or in it. @typedef {'connected' | 'alone'} How */

/**
 * How it stands with the instrument.
 * @typedef {object} ConnectionState
 * @property {How} how
 * @property {Standing} standing
 * @property {string} reason why not, in plain words
 * @property {boolean} restorable it was restarted, and what was here can be brought back
 * @property {string | null} pairing where one goes to wants a code; why the last was none
 */

/** What is played on from elsewhere. @typedef {{ snapshot: string, t: number, playing: boolean }} Bring */

/** Quiet for so long after a change, or changing for so long: a snapshot is kept. */
const QUIET_MILLISECONDS = 1000;
const LATEST_MILLISECONDS = 5000;
/** Away for longer, and others may have gone on: the player is asked first. */
const SHORT_MILLISECONDS = 60_000;
/** A snapshot is waited for so long where one leaves, and a restore where one goes to. */
const PACK_MILLISECONDS = 2000;
const UNPACK_MILLISECONDS = 10_000;
const FURNISH_MILLISECONDS = 30_000;
/** How many pages there are is told five times a second. */
const PAGES_MILLISECONDS = 500;
/** Sections that what is kept is about. */
const LASTING = ['network', 'layers', 'parameters', 'transport'];

export class Store extends EventTarget {
    /** @param {{ now?: () => number }} [options] milliseconds, for tests */
    constructor({ now = () => performance.now() } = {}) {
        super();
        this.now = now;
        /** @type {Welcome | null} */
        this.welcome = null;
        /** All sections, as they were told last. @type {State} */
        this.state = {};
        /** @type {Status | null} */
        this.status = null;
        /** @type {Activity | null} */
        this.activity = null;
        /** @type {Display | null} */
        this.display = null;
        /** @type {ConnectionState} */
        this.connection = { how: 'connected', standing: 'connecting', reason: '', restorable: false, pairing: null };
        /** Whether sound is wanted. */
        this.listening = false;

        this.journal = new Journal();
        /** @type {Connection | null} */
        this.talk = null;
        /** Where one is going to. @type {Connection | null} */
        this.next = null;
        /** The pairing code that was typed. @type {string | undefined} */
        this.code = undefined;
        /** Edits wait for one that is made by itself. */
        this.flushing = false;
        /** Greeted, but what was brought along is not there yet: edits wait. */
        this.arriving = false;
        /** Greeted, but its state is not told yet. */
        this.fresh = false;
        /** What is still to be restored. @type {Bring | null} */
        this.bringing = null;
        /** What was before the instrument was restarted. @type {{ state: State, t: number } | null} */
        this.before = null;
        /** The same, set aside until the player says what shall be. @type {{ journal: Journal, bring: Bring } | null} */
        this.left = null;
        /** What was played where one was connected, when it was left. */
        this.seen = '';
        /** The network time, and when that was. */
        this.clock = { t: 0, at: now() };
        this.lostAt = 0;
        this.changedAt = 0;
        /** @type {ReturnType<typeof setTimeout> | undefined} */
        this.timer = undefined;
    }

    /**
     * Asks the instrument for something. An edit that is asked for while it is not there
     * is kept, and made when it is; a question is refused then.
     * @param {ClientMessage} ask
     * @returns {Promise<ServerMessage>}
     * @throws {import('../link/connection.js').Refusal} with the reason, or {@link Away}
     */
    ask(ask) {
        if (!isEdit(ask)) return this.talk?.ask(ask) ?? Promise.reject(new Away('Not connected.'));
        const { answer } = this.journal.add(certain(ask));
        void this.flush();
        return answer;
    }

    /**
     * Asks; if it is refused, the reason is told as a problem.
     * @param {ClientMessage} ask
     * @returns {Promise<ServerMessage | null>} null if it is refused
     */
    async please(ask) {
        try {
            return await this.ask(ask);
        } catch (problem) {
            const { message } = /** @type {Error} */ (problem);
            if (message) this.tell('problem', message);
            return null;
        }
    }

    /**
     * Says what needs no answer and is worth nothing later.
     * @param {ClientMessage} ask
     */
    say(ask) {
        this.talk?.say(ask);
    }

    /**
     * Wants the sound, or no longer.
     * @param {boolean} on
     */
    listen(on) {
        this.listening = on;
        this.say({ type: 'listen', activity: true, display: true, sound: on });
    }

    /** @param {string} code that the display shows */
    pair(code) {
        this.code = code;
        (this.next ?? this.talk)?.greet(code);
    }

    /** Does not go over to where a code is wanted. */
    stay() {
        this.next?.close('It stays as it was.');
    }

    /**
     * Goes over to another instrument: connects there, brings along what is played here
     * and goes on with it; only then leaves the old one.
     * @param {Connect} connect
     * @param {How} how
     * @param {object} [options]
     * @param {(next: Connection) => Promise<boolean>} [options.furnish] makes the other
     *   one ready; and whether it plays something there instead
     * @param {() => Promise<boolean>} [options.mayReplace] asks the player whether what
     *   others may be playing there is replaced; if not, it is played on
     * @returns {Promise<boolean>} when it is there, whether this was brought along; the
     *   first time, when it is under way
     * @throws {Error} why it cannot; then all is as it was
     */
    async use(connect, how, { furnish, mayReplace } = {}) {
        const old = this.talk;
        if (!old) {
            const talk = this.converse(how);
            this.talk = talk;
            this.stand({ ...this.connection, how, standing: 'connecting', reason: '' });
            try {
                await talk.begin(connect);
            } catch (problem) {
                this.talk = null;
                throw problem;
            }
            return true;
        }
        /** @type {ServerMessage[]} */
        const held = [];
        let counted = (/** @type {number} */ _) => {};
        const pages = new Promise((/** @type {typeof counted} */ resolve) => { counted = resolve; });
        const next = this.converse(how, (tell) => {
            held.push(tell);
            if (tell.type === 'status') counted(tell.clients);
        });
        this.next = next;
        const from = this.connection.how;
        let brought = true;
        try {
            await next.begin(connect);
            await next.opened();
            const own = furnish ? await within(furnish(next), FURNISH_MILLISECONDS) : false;
            const there = () => all(held);
            if (mayReplace) {
                const crowd = await within(pages, PAGES_MILLISECONDS).catch(() => 1);
                brought = (crowd === 1 && played(there()) === this.seen) || await mayReplace();
            }
            const bring = !own && brought ? await this.pack(old) : null;
            if (bring) await within(restore(next, bring, there), UNPACK_MILLISECONDS);
            // What is played there has nothing of what was done here.
            if (own || !brought) this.afresh();
        } catch (problem) {
            next.close();
            throw problem;
        } finally {
            this.next = null;
            this.stand({ ...this.connection, pairing: null });
        }
        if (from === 'connected') this.seen = played(this.state);
        this.talk = next;
        this.arriving = true;
        this.bringing = null;
        old.close();
        this.stand({ ...this.connection, how, standing: next.standing, reason: next.reason });
        for (const tell of held) this.hear(tell, true);
        this.resume(this.journal.other());
        return brought;
    }

    /** Brings back what was here before the instrument was restarted. */
    async bringBack() {
        const { left } = this;
        if (!left) return;
        // What was done meanwhile was done to something else.
        this.afresh();
        this.journal = left.journal;
        this.bringing = left.bring;
        this.setAside(null);
        await this.arrive();
    }

    /** Plays on what the restarted instrument plays; what was here is let go. */
    letGo() {
        const entries = this.left?.journal.entries ?? [];
        this.setAside(null);
        for (const { reject } of entries) reject(new Away(''));
    }

    /** Network time now, as far as it can be known. */
    get t() {
        const { transport } = this.state;
        if (!transport?.playing) return this.clock.t;
        const seconds = (this.now() - this.clock.at) / 1000;
        const t = this.clock.t + (seconds * transport.rate * this.value('speed', 100)) / 100;
        return Math.round(t) >>> 0;
    }

    /**
     * The row of a parameter.
     * @param {string} key
     * @returns {Parameter | undefined}
     */
    parameter(key) {
        return this.welcome?.parameters.find((row) => row.key === key);
    }

    /**
     * A parameter's value.
     * @param {string} key
     * @param {number} otherwise while it is not known
     */
    value(key, otherwise = 0) {
        const at = this.welcome?.parameters.findIndex((row) => row.key === key) ?? -1;
        return this.state.parameters?.[at] ?? otherwise;
    }

    // What follows is the store's own.

    /**
     * @param {How} how
     * @param {(tell: ServerMessage) => void} [hold] takes what is told before it is our conversation
     */
    converse(how, hold) {
        const talk = new Connection({
            ontell: (tell) => {
                if (talk === this.talk) this.hear(tell);
                else hold?.(tell);
            },
            onframe: (data) => {
                if (talk === this.talk) this.look(data);
            },
            onstanding: (standing, reason) => {
                if (talk === this.next) {
                    this.stand({ ...this.connection, pairing: standing === 'pairing' ? reason : null });
                }
                if (talk !== this.talk) return;
                if (standing !== 'open' && this.connection.standing === 'open') this.lostAt = this.now();
                this.stand({ ...this.connection, how, standing, reason });
            },
        });
        talk.code = how === 'connected' ? this.code : undefined;
        return talk;
    }

    /**
     * What to bring along from where we leave.
     * @param {Connection} old
     * @returns {Promise<Bring | null>}
     */
    async pack(old) {
        const { mark } = this.journal;
        const { t } = this;
        const playing = this.state.transport?.playing ?? true;
        // It does not have yet what it shall.
        if (this.bringing) return this.bringing;
        try {
            if (this.arriving) throw new Away('');
            const told = await within(old.ask({ type: 'snapshot' }), PACK_MILLISECONDS);
            if (told.type === 'snapshot') {
                this.journal.keep(told.snapshot, mark);
                return { snapshot: told.snapshot, t: told.t, playing };
            }
        } catch {
            // It is not there, or stands still: what was kept of it is what there is.
        }
        const { snapshot } = this.journal;
        return snapshot === null ? null : { snapshot, t, playing };
    }

    /**
     * @param {ServerMessage} tell
     * @param {boolean} [there] all has been brought there already
     */
    hear(tell, there = false) {
        switch (tell.type) {
            case 'welcome': {
                const restarted = !there && this.welcome !== null && this.welcome.start !== tell.start;
                this.arriving = true;
                this.fresh = !there;
                this.before = restarted ? { state: this.state, t: this.t } : null;
                this.welcome = tell;
                this.say({ type: 'listen', activity: true, display: true, sound: this.listening });
                this.tell('welcome', tell);
                break;
            }
            case 'state': {
                this.merge(tell);
                if (this.fresh) {
                    this.fresh = false;
                    this.decide();
                    void this.arrive();
                }
                break;
            }
            case 'status':
                this.status = tell;
                this.tick(tell.t);
                this.tell('status', tell);
                break;
            case 'refused':
                if (tell.id === undefined && this.talk?.standing === 'open') {
                    this.tell('problem', tell.reason);
                }
                break;
            default: // Answers, which go to who asked.
        }
    }

    /** Decides whether a restarted instrument gets back what it has forgotten. */
    decide() {
        const { before, journal } = this;
        this.before = null;
        if (!before || this.bringing || journal.snapshot === null) return;
        // It may have kept all by itself, or another page has brought it.
        if (played(before.state) === played(this.state)) return;
        const playing = before.state.transport?.playing ?? true;
        const bring = { snapshot: journal.snapshot, t: before.t, playing };
        if (this.now() - this.lostAt < SHORT_MILLISECONDS) {
            this.bringing = bring;
        } else if (this.left) {
            // Still not answered: what was first is what counts.
            this.afresh();
        } else {
            this.journal = new Journal();
            this.setAside({ journal, bring });
        }
    }

    /** @param {Store['left']} left what the player is asked about; null, no more */
    setAside(left) {
        this.left = left;
        this.stand({ ...this.connection, restorable: left !== null });
    }

    /** Nothing was done yet; what waited is not made. */
    afresh() {
        const { entries } = this.journal;
        this.journal = new Journal();
        for (const { is, ask, reject } of entries) {
            if (is !== 'done') reject(new Away(`Another network plays now: "${ask.type}" was not made.`));
        }
    }

    /** Restores what was brought along, if anything; then edits that waited go on. */
    async arrive() {
        const { bringing, talk } = this;
        if (!bringing || !talk) {
            this.resume(this.journal.same());
            return;
        }
        this.arriving = true;
        let restored = true;
        try {
            await restore(talk, bringing, () => this.state);
        } catch (problem) {
            // Broken again: the next greeting comes here once more.
            if (problem instanceof Away) return;
            restored = false;
            this.tell('problem', /** @type {Error} */ (problem).message);
        }
        this.bringing = null;
        if (talk === this.talk) this.resume(restored ? this.journal.other() : this.journal.same());
    }

    /**
     * Edits that waited are made, and what is asked for now is asked.
     * @param {Entry[]} unknown what will not be made again
     */
    resume(unknown) {
        for (const entry of unknown) {
            entry.reject(new Away(
                `The connection broke; whether "${entry.ask.type}" is done is not known.`,
            ));
        }
        this.arriving = false;
        void this.flush();
        this.changed();
    }

    /** Makes edits that wait, in order. */
    async flush() {
        const { talk } = this;
        while (talk === this.talk && talk?.standing === 'open' && !this.arriving && !this.flushing) {
            const entry = this.journal.next;
            if (!entry) return;
            const sent = this.send(talk, entry);
            if (entry.breaks === 0) continue;
            // It may be what broke the connection: by itself, so that no other is blamed.
            this.flushing = true;
            await sent;
            this.flushing = false;
            if (talk !== this.talk) void this.flush();
        }
    }

    /**
     * @param {Connection} talk
     * @param {Entry} entry
     */
    async send(talk, entry) {
        entry.is = 'sent';
        try {
            const tell = await talk.ask(entry.ask);
            this.journal.done(entry);
            entry.resolve(tell);
            this.tell('done', entry.ask);
        } catch (problem) {
            // Gone elsewhere, where it is sent again.
            if (problem instanceof Away && talk !== this.talk) return;
            if (!(problem instanceof Away)) {
                this.journal.drop(entry);
                entry.reject(/** @type {Error} */ (problem));
            } else if (!this.journal.broke(entry)) {
                entry.reject(new Away(`The connection broke twice while "${entry.ask.type}" was under way: it is not made again.`));
            }
        }
    }

    /** @param {State} tell */
    merge(tell) {
        const { type: _, ...sections } = /** @type {State & { type?: string }} */ (tell);
        // Until now, time went on as it did.
        if (sections.transport || sections.parameters) this.tick(this.t);
        this.state = { ...this.state, ...sections };
        for (const [section, value] of Object.entries(sections)) this.tell(section, value);
        if (LASTING.some((section) => section in sections)) this.changed();
    }

    /** @param {ArrayBuffer} data */
    look(data) {
        const told = frame(data);
        if (!told) return;
        if ('activity' in told) {
            this.activity = told.activity;
            this.tick(told.activity.t);
            this.tell('activity', told.activity);
        } else if ('display' in told) {
            this.display = told.display;
            this.tell('display', told.display);
        } else {
            this.tell('sound', told.sound);
        }
    }

    /** @param {number} t network time now */
    tick(t) {
        this.clock = { t, at: this.now() };
    }

    /** A snapshot is wanted soon. */
    changed() {
        const now = this.now();
        if (this.timer === undefined) this.changedAt = now;
        clearTimeout(this.timer);
        const latest = this.changedAt + LATEST_MILLISECONDS - now;
        this.timer = setTimeout(
            () => void this.keepSnapshot(),
            Math.max(0, Math.min(QUIET_MILLISECONDS, latest)),
        );
    }

    async keepSnapshot() {
        clearTimeout(this.timer);
        this.timer = undefined;
        const { talk, journal } = this;
        if (!talk || this.arriving) return;
        const { mark } = journal;
        try {
            const told = await talk.ask({ type: 'snapshot' });
            if (told.type !== 'snapshot' || talk !== this.talk || journal !== this.journal) return;
            journal.keep(told.snapshot, mark);
            const { snapshot, t } = told;
            this.tell('kept', { snapshot, t, playing: this.state.transport?.playing ?? true });
        } catch {
            // There will be another change, or a greeting.
        }
    }

    /** @param {ConnectionState} connection */
    stand(connection) {
        this.connection = connection;
        this.tell('connection', connection);
    }

    /** @param {string} type @param {unknown} detail */
    tell(type, detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }
}

/**
 * What makes the sound, to compare.
 * @param {State} state
 */
function played({ network, layers, parameters }) {
    return JSON.stringify([network?.file, layers?.layers, parameters]);
}

/**
 * All sections of what was told.
 * @param {ServerMessage[]} tells
 * @returns {State}
 */
function all(tells) {
    return Object.assign({}, ...tells.filter(({ type }) => type === 'state'));
}

/**
 * Plays on there from what was elsewhere; still, if it stood still, from the first moment.
 * @param {Connection} talk
 * @param {Bring} bring
 * @param {() => State} there what is told there
 */
export async function restore(talk, { snapshot, t, playing }, there) {
    const plays = there().transport?.playing ?? true;
    if (plays && !playing) await talk.ask({ type: 'play', playing: false });
    try {
        await talk.ask({ type: 'restore', snapshot, t });
    } catch (problem) {
        if (plays && !playing) talk.say({ type: 'play', playing: true });
        throw problem;
    }
    if (!plays && playing) await talk.ask({ type: 'play', playing: true });
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number} milliseconds
 * @returns {Promise<T>}
 * @throws {Away} if that takes longer
 */
function within(promise, milliseconds) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const late = new Promise((/** @type {(_: never) => void} */ _, reject) => {
        timer = setTimeout(() => reject(new Away('It does not answer.')), milliseconds);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
