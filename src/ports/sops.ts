export type Decrypted =
  | { readonly ok: true; readonly content: Uint8Array }
  /** A phrase to follow the file's name, with nothing of its content. */
  | { readonly ok: false; readonly message: string; readonly hint?: string };

export interface Sops {
  /** A file in clear, in memory; every value of it is masked by then. Throws an `EnvironmentError` without a sops. */
  decrypt(path: string, shown: string): Promise<Decrypted>;
}
