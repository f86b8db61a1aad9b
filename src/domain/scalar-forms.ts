/** The forms in which Kubernetes' Go code takes what is one value of JSON; each looks at a text in linear time. */

/** `500m`, `64Mi`, `1e3`, `.5`: a number with the suffix of its unit (apimachinery's resource.ParseQuantity). */
export function isQuantity(text: string): boolean {
  const whole = text.trim();
  // Step by step: an expression that could go back would keep a place for each digit of five million.
  const digitsFrom = (at: number): number => {
    let end = at;
    while (isDigit(whole.charCodeAt(end))) end += 1;
    return end;
  };
  const start = whole.startsWith('+') || whole.startsWith('-') ? 1 : 0;
  const point = digitsFrom(start);
  const end = whole[point] === '.' ? digitsFrom(point + 1) : point;
  const digits = end - start - (end > point ? 1 : 0);
  return digits > 0 && /^(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,18})?$/.test(whole.slice(end));
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Standard base64 with its padding; Go passes over line ends. */
export function isBase64(text: string): boolean {
  const bare = text.replace(/[\r\n]/g, '');
  return bare.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(bare);
}

/** A time of RFC 3339 whose day there is. */
export function isTime(text: string): boolean {
  const match = /^([^T]{10})T(\d\d):(\d\d):(\d\d)(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null || !isDay(match[1] ?? '')) return false;
  const [hour = 0, minute = 0, second = 0] = match.slice(2).map(Number);
  return hour < 24 && minute < 60 && second < 60;
}

/** `2006-01-02`, of a day that there is. */
export function isDay(text: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return false;
  const [year = 0, month = 0, day = 0] = match.slice(1).map(Number);
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const last = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return month >= 1 && month <= 12 && day >= 1 && day <= last;
}

export function isInt32(value: number): boolean {
  return value >= -(2 ** 31) && value < 2 ** 31;
}

export function isInt64(value: number): boolean {
  return value >= -(2 ** 63) && value < 2 ** 63;
}
