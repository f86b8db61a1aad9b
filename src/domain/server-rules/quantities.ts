const BINARY: Readonly<Record<string, bigint>> = {
  Ki: 2n ** 10n,
  Mi: 2n ** 20n,
  Gi: 2n ** 30n,
  Ti: 2n ** 40n,
  Pi: 2n ** 50n,
  Ei: 2n ** 60n,
};
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

/** With binary suffixes the server stops here. */
const MOST = (2n ** 63n - 1n) * 1000n;

/**
 * A quantity in thousandths, to which the server rounds resources before it compares them, always away from 0.
 * Undefined for what is none, and for numbers of a length that nobody means.
 */
export function thousandths(value: unknown): bigint | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value).trim();
  if (text.length > 64) return undefined;
  const match = /^([+-]?)(\d*)(?:\.(\d*))?([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', part = '', suffix = ''] = match;
  if (whole === '' && part === '') return undefined;
  const binary = BINARY[suffix];
  const power = binary !== undefined || suffix === '' ? 0 : (DECIMAL[suffix] ?? Number(suffix.slice(1)));
  const shift = power - part.length + 3;
  if (Math.abs(shift) > 100) return undefined;
  const digits = BigInt(`${whole}${part}`) * (binary ?? 1n);
  const size = shift >= 0 ? digits * 10n ** BigInt(shift) : roundedUp(digits, 10n ** BigInt(-shift));
  const held = binary !== undefined && size > MOST ? MOST : size;
  return sign === '-' ? -held : held;
}

function roundedUp(number: bigint, divisor: bigint): bigint {
  return (number + divisor - 1n) / divisor;
}
