import { createSecureContext } from 'node:tls';

/** Certificate chain and private key, PEM. */
export interface Credentials {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** The certificate in use, if there is one. */
export class Certificate {
  #credentials: Credentials | undefined;
  /** Hears of each certificate that replaces another. */
  renewed: (credentials: Credentials) => void = () => undefined;

  get credentials(): Credentials | undefined {
    return this.#credentials;
  }

  /** Takes the contents of the two files. Throws when they are no certificate and its key. */
  use([cert, key]: readonly Buffer[]): void {
    if (!cert || !key) throw new Error('certificate and key are two files');
    createSecureContext({ cert, key });
    const former = this.#credentials;
    this.#credentials = { cert, key };
    if (former) this.renewed(this.#credentials);
  }
}
