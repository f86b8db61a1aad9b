/** What tells that a text is a secret that stands there in clear: the name it is under, or its own form. */

/** Names of secrets, by their last word. */
const LAST_WORDS = /^(?:password|passwd|passphrase|token|apikey|credentials?)$/;
/** Or by their last two. */
const LAST_TWO = new Set(
  ['api key', 'private key', 'secret key', 'encryption key', 'signing key', 'access token', 'auth key']
    .concat(
      ['client', 'app', 'jwt', 'session', 'cookie', 'signing', 'webhook', 'shared', 'oauth', 'hmac'].map(
        (of) => `${of} secret`,
      ),
    )
    .concat('secret access key'),
);

/** Settings of etcd that are called so and aren't: the name of a new cluster, and how users are known. */
const NONE = /(?:^| )(?:initial cluster|etcd auth) token$/;

/** `POSTGRES_PASSWORD`, `apiToken`, `client-secret`: whether what stands under this name is a secret. */
export function isSecretName(name: string): boolean {
  // Most names are none, and taking them apart costs more.
  if (!/pass|token|key|secret|credential/i.test(name)) return false;
  const words = wordsOf(name);
  const last = words.at(-1) ?? '';
  if (last === 'token' && NONE.test(words.join(' '))) return false;
  return LAST_WORDS.test(last) || LAST_TWO.has(words.slice(-2).join(' ')) || LAST_TWO.has(words.slice(-3).join(' '));
}

function wordsOf(name: string): string[] {
  // Longer ones are no names.
  return name
    .slice(-100)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

/** Whether a value is itself what its name says, and doesn't only say where that is. */
export function isLiteral(value: unknown, name: string): boolean {
  // A number is a password at best.
  if (typeof value === 'number') return /pass(?:word|wd|phrase)$/i.test(name);
  if (typeof value !== 'string') return false;
  const text = value.trim();
  if (text.length < 3 || text.length > 10_000) return false;
  // `$(VARIABLE)`, `${VARIABLE}`, `{{ template }}`, `<fill in>`, `***`; a path; an address, of a secret store or of what gives tokens.
  if (/\$[({A-Za-z_]|\{\{|^<.*>$|^[*x.]+$|^~?\.{0,2}\/|^[a-z][a-z0-9+.-]*:/.test(text)) return false;
  if (/^(?:true|false|yes|no|none|null|nil|disabled|enabled|optional|required|todo|tbd)$/i.test(text)) return false;
  // A file by its name, which is a key in a Secret: `credentials.json`. Nobody calls a password so.
  const isFile = /^[\w-][\w.-]*\.(?:json|ya?ml|pem|key|crt|txt|conf|p12|jks)$/.test(text);
  if ((isFile && !/pass(?:word|wd|phrase)$/i.test(name)) || namesKey(name, text)) return false;
  // The name of a key in a Secret: `postgres-password`.
  return !(/^[a-z0-9]+(?:[-_.][a-z0-9]+)+$/.test(text) && isSecretName(text));
}

/** Whether it says under which key a Secret has it: `existingSecretKey: password`, `tokenSecretKey: token`. */
function namesKey(name: string, text: string): boolean {
  const words = wordsOf(name);
  if (words[0] === 'existing') return true;
  const of = words.slice(0, -2);
  const said = wordsOf(text);
  return words.slice(-2).join(' ') === 'secret key' && said.length > 0 && said.every((word) => of.includes(word));
}

/**
 * Whether a library should look at a text: it costs a hundred times as much as this, and most charts have nothing for
 * it. Everything it recognises is a long run of letters with digits, a private key, or a URL with a password.
 */
export function maySecret(text: string): boolean {
  if (text.length < 16 || text.length > MOST_TEXT) return false;
  if (text.includes('PRIVATE KEY') || /:\/\/[^\s/:@]+:[^\s/@$]+@/.test(text)) return true;
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_=-]{20,}/g)) {
    // Sums and digests, and names in words.
    if (
      /[0-9]/.test(run) &&
      /[A-Za-z]/.test(run) &&
      !/^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/.test(run) &&
      !isName(run)
    ) {
      return true;
    }
  }
  return false;
}

const MOST_TEXT = 100_000;

/** Words with short numbers in them, such as `templates/secrets-2.yaml` or `task_api_http_5xx_total`. */
function isName(run: string): boolean {
  return /^(?:[A-Za-z]{1,24}[0-9]{0,4}|[0-9]{1,6}[a-zA-Z]{0,3})(?:[-_/=+]+(?:[A-Za-z]{1,24}[0-9]{0,4}|[0-9]{1,6}[a-zA-Z]{0,3}))*[-_/=+]*$/.test(
    run,
  );
}
