// In the bundle this stands in for the package of that name: what Node has had by itself since 18.
const { fetch, FormData, Headers, Request, Response } = globalThis;

export { FormData, fetch as default, Headers, Request, Response };
