/**
 * The video element: started by a press, stopped by the page, never by the
 * browser's own error, which says nothing to a person.
 */

/** `unplayable`: this browser has no decoder for the film. */
export type PlayerFault = "unplayable" | "network";

/** The worker's own word on what went wrong comes within this time, and wins. */
const WORD_MS = 700;

export class Player {
  readonly #video: HTMLVideoElement;
  readonly #tell: (fault: PlayerFault) => void;
  #url = "";
  #tries = 0;

  /** @param tell - called when the browser gives up for a reason of its own */
  constructor(video: HTMLVideoElement, tell: (fault: PlayerFault) => void) {
    this.#video = video;
    this.#tell = tell;
    video.addEventListener("error", () => setTimeout(() => this.#failed(), WORD_MS));
    video.addEventListener("playing", () => (this.#tries = 0));
  }

  /** Where the film stands, in seconds. */
  get position(): number {
    return this.#video.currentTime;
  }

  /**
   * Starts playing. To be called in the press itself: phones allow sound only then.
   *
   * @param url - of this page's own film path, or a blob
   * @param from - seconds
   */
  start(url: string, from = 0): void {
    this.#url = url;
    this.#video.src = url;
    if (from > 0) this.#video.addEventListener("loadedmetadata", () => (this.#video.currentTime = from), { once: true });
    // On a phone that is held sideways the film begins below what shows.
    this.#video.addEventListener("loadedmetadata", () => this.#video.scrollIntoView({ block: "nearest" }), { once: true });
    this.#video.play().catch(() => {}); // refused: the person presses play on the player
  }

  /** Holds the film where it is. */
  pause(): void {
    this.#video.pause();
  }

  /** Stops, and takes the last picture off the screen. */
  stop(): void {
    if (this.#url.startsWith("blob:")) URL.revokeObjectURL(this.#url);
    this.#url = "";
    this.#video.pause();
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  #failed(): void {
    const error = this.#video.error;
    if (!this.#url || !error) return; // stopped by the page in the meantime
    // A worker that the browser stopped in mid-answer looks like a lost network: go on from here.
    if (this.#tries++ < 2) return this.start(this.#url, this.position);
    this.#tell(error.code === MediaError.MEDIA_ERR_NETWORK ? "network" : "unplayable");
  }
}
