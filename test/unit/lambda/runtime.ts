import { Writable } from 'node:stream';

/** What a function with response streaming sent, as the service in front of it reads it. */
export interface StreamedResponse {
  /** The JSON before the eight NUL bytes; `undefined` if there is none, for which a service answers 502, or a bare 200. */
  readonly prelude: Prelude | undefined;
  readonly body: string;
}

/** What a service takes from the prelude. */
export interface Prelude {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly cookies?: readonly string[];
}

const CONTENT_TYPE = 'application/vnd.awslambda.http-integration-response';
const DELIMITER = Buffer.alloc(8);

/**
 * The stream that Lambda's Node.js runtime hands to a streaming handler: it writes the prelude when `write` is first
 * called, and only then. `end` does not come by there, not with a last chunk either
 * (https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/issues/97).
 *
 * A stand-in. AWS's own runtime client runs the same handlers in the suite of the deployed functions.
 */
export class ResponseStream extends Writable {
  _onBeforeFirstWrite: ((write: (chunk: string | Uint8Array) => unknown) => void) | undefined;
  #contentType = 'application/octet-stream';
  readonly #chunks: Buffer[] = [];
  #written = false;

  constructor() {
    super({ decodeStrings: true });
    const write = this.write.bind(this) as (...parameters: unknown[]) => boolean;
    this.write = (...parameters: unknown[]): boolean => {
      if (!this.#written) this._onBeforeFirstWrite?.((chunk) => write(chunk));
      this.#written = true;
      return write(...parameters);
    };
  }

  setContentType(contentType: string): void {
    if (this.#written) throw new Error('Cannot set content-type, too late.');
    this.#contentType = contentType;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#chunks.push(chunk);
    callback();
  }

  /** What the service in front of the function makes of it. */
  get received(): StreamedResponse {
    const bytes = Buffer.concat(this.#chunks);
    const end = this.#contentType === CONTENT_TYPE ? bytes.indexOf(DELIMITER) : -1;
    if (end === -1) return { prelude: undefined, body: bytes.toString() };
    return {
      prelude: JSON.parse(bytes.subarray(0, end).toString()) as Prelude,
      body: bytes.subarray(end + DELIMITER.length).toString(),
    };
  }
}

/** What Lambda's Node.js runtime puts into the global scope as `awslambda`. */
export const awslambda = {
  streamifyResponse<Handler>(handler: Handler): Handler {
    return handler;
  },
  HttpResponseStream: {
    from(stream: ResponseStream, prelude: object): ResponseStream {
      stream.setContentType(CONTENT_TYPE);
      const metadata = JSON.stringify(prelude);
      stream._onBeforeFirstWrite = (write) => {
        write(metadata);
        write(new Uint8Array(DELIMITER.length));
      };
      return stream;
    },
  },
};
