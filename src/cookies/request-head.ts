/** What is known of a request before its body. */
export interface RequestHead {
  readonly method: string;
  /** The value of a request header, by its lower-case name. */
  readonly header: (name: string) => string | undefined;
  /** Absolute, where it is known. */
  readonly url?: string | undefined;
  /** The path of its URL as the browser has it, without the query: where there is no `url`. */
  readonly path?: string | undefined;
}
