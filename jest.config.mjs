/** Tests run as native ES modules (NODE_OPTIONS=--experimental-vm-modules, set by scripts/test.mjs). */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  testPathIgnorePatterns: ['/node_modules/'],
  moduleNameMapper: {
    '\\.wasm$': '<rootDir>/__tests__/support/wasm-bytes.ts',
    '\\.br$': '<rootDir>/__tests__/support/schema-bytes.ts',
  },
  modulePathIgnorePatterns: ['<rootDir>/.cache/', '<rootDir>/.ship/', '<rootDir>/dist/'],
  watchPathIgnorePatterns: ['<rootDir>/.cache/', '<rootDir>/.ship/'],
  testTimeout: 60_000,
};
