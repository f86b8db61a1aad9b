/** Whether a text is a private key itself, as against the path of one: those of cosign are PEM. */
export function isPrivateKey(text: string): boolean {
  return text.includes('-----BEGIN ');
}
