/**
 * "Ask us to stop": offered wherever the page is once the link was opened, also
 * beside the message that the film cannot be shown. Pressed, it puts the
 * question in plain words; a second press has the service stop all use at once.
 */
import { askToStop } from "./api.js";
import { words } from "./strings.js";
import { el, message, say, show, type Section } from "./view.js";

/** What the page does around the question. */
export interface AroundStop {
  /**
   * Holds the film while the question is on the screen.
   *
   * @returns where "No, go back" leads when that is not where one was
   */
  hold(): Section | null;
  /** All use has stopped: the page forgets the film. */
  stopped(): void;
}

export class StopButton {
  readonly #around: AroundStop;
  /** Of the opening; it outlives the right to watch. Null before it and once done. */
  #opening: { token: string; session: string } | null = null;
  #back: () => void = () => {};

  constructor(around: AroundStop) {
    this.#around = around;
  }

  /** The link was opened: from here on the carer can say stop. */
  ready(token: string, session: string): void {
    this.#opening = { token, session };
    for (const from of ["ready", "watch", "message"] as const) el(`stop-${from}`).onclick = () => this.#ask(from);
    el("stop-yes").onclick = () => void this.#yes();
    el("stop-no").onclick = () => this.#back();
  }

  /** Whether the question is on the screen. */
  get asking(): boolean {
    return !el("ask").hidden;
  }

  /** Shows the button beside a message, where there is something to stop. */
  offer(): void {
    el("stop-message").hidden = !this.#opening;
  }

  /** Something else wants the screen: it has it now, or once the question was answered with no. */
  after(other: () => void): void {
    if (this.asking) this.#back = other;
    else other();
  }

  /** The carer has finished with the page. */
  forget(): void {
    this.#opening = null;
  }

  #ask(from: "ready" | "watch" | "message"): void {
    const to = this.#around.hold() ?? from;
    this.#back = () => {
      show(to, false);
      el(`stop-${to}`).focus(); // where one was, and not at the top again
    };
    this.#wrong("");
    show("ask");
  }

  async #yes(): Promise<void> {
    const button = el("stop-yes");
    if (!this.#opening || button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    say("stop-yes", words().stopping);
    this.#wrong("");
    const no = await askToStop(this.#opening.token, this.#opening.session);
    button.setAttribute("aria-disabled", "false");
    say("stop-yes", words().stop);
    if (no && !this.asking) return; // they went back while the answer was on its way
    if (no && no.code !== "link_ended") return this.#wrong(no.code === "offline" ? words().stopOffline : words().stopBusy);
    this.#opening = null;
    this.#around.stopped();
    message(no ? "notstopped" : "stopped");
  }

  #wrong(text: string): void {
    el("ask-error").hidden = !text;
    say("ask-error", text);
  }
}
