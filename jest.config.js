// Jest runs the TypeScript sources as they are: Node's own type stripping is the whole transform.
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // `npm run test:long` runs them.
  testPathIgnorePatterns: process.env.SOJOURN_TEST_LONG ? [] : ['\\.long\\.test\\.ts$'],
  transform: { '\\.ts$': '<rootDir>/test/support/strip-types.cjs' },
  extensionsToTreatAsEsm: ['.ts'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  setupFiles: ['<rootDir>/test/support/loopback-only.ts'],
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts'],
  // Two for each core of a small machine: suites wait half of their time, for processes of their own and for deadlines.
  maxWorkers: 4,
  // The modules of a finished suite stay in memory, 20 MB each, and slow down every collection of garbage after it.
  workerIdleMemoryLimit: '300MB',
  testTimeout: 20_000,
};
