// What is known of the instrument, and the only way to ask it for something. It
// owns the connection; it draws and sounds nothing.
//
// It tells what changed by an event of the section's name, with the section as
// `detail`: `welcome`, `status`, `connection`, `activity`, `display`, `sound`, those of
// the state (`network`, `layers`, `touched`, `parameters`, `library`, `presets`,
// `transport`, `history`, `page`, `notice`), and `problem`, a sentence for people.

import { Away, Conversation } from './conversation.js';
import { frame } from './frames.js';
import { certain, isEdit, Journal } from './journal.js';

/** @import { Ask } from './types/Ask' */
/** @import { Tell } from './types/Tell' */
/** @import { State } from './types/State' */
/** @import { Status } from './types/Status' */
/** @import { Welcome } from './types/Welcome' */
/** @import { Parameter } from './types/Parameter' */
/** @import { Connect, Standing } from './conversation.js' */
/** @import { Entry } from './journal.js' */
/** @import { Activity, Display } from './frames.js' */

/** Where the instrument is: served with this page, or in it. @typedef {'connected' | 'alone'} How */

/**
 * How it stands with the instrument.
 * @typedef {object} Connection
 * @property {How} how
 * @property {Standing} standing
 * @property {string} reason why not, in plain words
 * @property {boolean} restorable it was restarted, and what was here can be brought back
 */

/** What is played on from elsewhere. @typedef {{ snapshot: string, t: number }} Bring */

/** Quiet for so long after a change, or changing for so long: a snapshot is kept. */
const QUIET_MILLISECONDS = 1000;
const LATEST_MILLISECONDS = 5000;
/** Away for longer, and others may have gone on: the player is asked first. */
const SHORT_MILLISECONDS = 60_000;
/** Sections that snapshots are about. */
const LASTING = ['network', 'layers', 'parameters'];

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
        /** @type {Connection} */
        this.connection = { how: 'connected', standing: 'connecting', reason: '', restorable: false };
        /** Whether sound is wanted. */
        this.listening = false;

        this.journal = new Journal();
        /** @type {Conversation | null} */
        this.talk = null;
        /** Greeted, but what was brought along is not there yet: edits wait. */
        this.arriving = false;
        /** Greeted, but its state is not told yet. */
        this.fresh = false;
        /** What is still to be restored. @type {Bring | null} */
        this.bringing = null;
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
     * @param {Ask} ask
     * @returns {Promise<Tell>}
     * @throws {import('./conversation.js').Refusal} with the reason, or {@link Away}
     */
    ask(ask) {
        if (!isEdit(ask)) return this.talk?.ask(ask) ?? Promise.reject(new Away('Not connected.'));
        const { entry, answer } = this.journal.add(certain(ask));
        void this.send(entry);
        return answer;
    }

    /**
     * Asks; if it is refused, the reason is told as a problem.
     * @param {Ask} ask
     * @returns {Promise<Tell | null>} null if it is refused
     */
    async please(ask) {
        try {
            return await this.ask(ask);
        } catch (problem) {
            this.tell('problem', /** @type {Error} */ (problem).message);
            return null;
        }
    }

    /**
     * Says what needs no answer and is worth nothing later.
     * @param {Ask} ask
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
        this.talk?.greet(code);
    }

    /**
     * Goes over to another instrument: connects there, brings along what is played here
     * and goes on with it; only then leaves the old one.
     * @param {Connect} connect
     * @param {How} how
     * @returns {Promise<void>} when it is there; the first time, when it is under way
     * @throws {Error} why it cannot; then all is as it was
     */
    async use(connect, how) {
        const old = this.talk;
        if (!old) {
            const talk = this.converse(how);
            this.talk = talk;
            this.stand({ how, standing: 'connecting', reason: '', restorable: false });
            try {
                await talk.begin(connect);
            } catch (problem) {
                this.talk = null;
                throw problem;
            }
            return;
        }
        /** @type {Tell[]} */
        const held = [];
        const next = this.converse(how, held);
        try {
            await Promise.all([next.opened(), next.begin(connect)]);
        } catch (problem) {
            next.close();
            throw problem;
        }
        this.bringing = await this.pack(old);
        this.talk = next;
        old.close();
        this.stand({ how, standing: 'open', reason: '', restorable: false });
        for (const tell of held) await this.hear(tell);
    }

    /** Brings back what was here before the instrument was restarted. */
    async bringBack() {
        const { snapshot } = this.journal;
        this.stand({ ...this.connection, restorable: false });
        if (snapshot === null) return;
        this.bringing = { snapshot, t: this.t };
        await this.arrive();
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
     * @param {Tell[]} [held] takes what is told before it is our conversation
     */
    converse(how, held) {
        const talk = new Conversation({
            ontell: (tell) => {
                if (talk === this.talk) void this.hear(tell);
                else held?.push(tell);
            },
            onframe: (data) => {
                if (talk === this.talk) this.look(data);
            },
            onstanding: (standing, reason) => {
                if (talk !== this.talk) return;
                if (standing !== 'open' && this.connection.standing === 'open') this.lostAt = this.now();
                this.stand({ ...this.connection, how, standing, reason });
            },
        });
        return talk;
    }

    /**
     * What to bring along from where we leave.
     * @param {Conversation} old
     * @returns {Promise<Bring | null>}
     */
    async pack(old) {
        const { mark } = this.journal;
        const { t } = this;
        try {
            const told = await old.ask({ type: 'snapshot' });
            if (told.type === 'snapshot') {
                this.journal.keep(told.snapshot, mark);
                return { snapshot: told.snapshot, t: told.t };
            }
        } catch {
            // It is not there: what was kept of it is what there is.
        }
        const { snapshot } = this.journal;
        return snapshot === null ? null : { snapshot, t };
    }

    /** @param {Tell} tell */
    async hear(tell) {
        switch (tell.type) {
            case 'welcome': {
                const restarted = this.welcome !== null && this.welcome.start !== tell.start;
                this.arriving = true;
                this.fresh = true;
                this.left = restarted ? { state: this.state, t: this.t } : null;
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
                    await this.arrive();
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

    /** What was before the instrument was restarted. @type {{ state: State, t: number } | null} */
    left = null;

    /** Decides whether a restarted instrument gets back what it has forgotten. */
    decide() {
        const { left, journal } = this;
        this.left = null;
        if (!left || this.bringing || journal.snapshot === null) return;
        // It may have kept all by itself, or another page has brought it.
        if (played(left.state) === played(this.state)) return;
        if (this.now() - this.lostAt < SHORT_MILLISECONDS) {
            this.bringing = { snapshot: journal.snapshot, t: left.t };
        } else {
            this.stand({ ...this.connection, restorable: true });
        }
    }

    /** Restores what was brought along, if anything; then edits that waited go on. */
    async arrive() {
        const { bringing, talk } = this;
        let edits = this.journal.same();
        if (bringing) {
            this.arriving = true;
            try {
                await talk?.ask({ type: 'restore', ...bringing });
                edits = this.journal.other();
            } catch (problem) {
                // Broken again: the next greeting comes here once more.
                if (problem instanceof Away) return;
                this.tell('problem', /** @type {Error} */ (problem).message);
            }
            this.bringing = null;
        }
        if (talk !== this.talk) return;
        this.arriving = false;
        for (const entry of edits.unknown) {
            this.journal.drop(entry);
            entry.reject(new Away(
                `The connection broke; whether "${entry.ask.type}" is done is not known.`,
            ));
        }
        for (const entry of edits.again) void this.send(entry);
        this.changed();
    }

    /** @param {Entry} entry */
    async send(entry) {
        const { talk } = this;
        if (!talk || talk.standing !== 'open' || this.arriving) return;
        entry.is = 'sent';
        try {
            const tell = await talk.ask(entry.ask);
            entry.is = 'done';
            entry.resolve(tell);
        } catch (problem) {
            if (problem instanceof Away) {
                entry.is = 'unsure';
            } else {
                this.journal.drop(entry);
                entry.reject(/** @type {Error} */ (problem));
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
        if (!this.talk || this.arriving) return;
        const { mark } = this.journal;
        try {
            const told = await this.talk.ask({ type: 'snapshot' });
            if (told.type === 'snapshot') this.journal.keep(told.snapshot, mark);
        } catch {
            // There will be another change, or a greeting.
        }
    }

    /** @param {Connection} connection */
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
