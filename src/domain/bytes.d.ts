/** A file that is imported as its bytes: esbuild's loader `binary`, and jest's moduleNameMapper. */
declare module '*.wasm' {
  const bytes: Uint8Array;
  export default bytes;
}
declare module '*.br' {
  const bytes: Uint8Array;
  export default bytes;
}
