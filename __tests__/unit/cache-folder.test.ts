import path from 'node:path';
import { expect, test } from '@jest/globals';
import { cacheFolder } from '../../src/adapters/cache-folder.ts';

const absolute = (...parts: string[]) => path.resolve(path.sep, ...parts);
const ALL = {
  CHARTSHIP_CACHE: absolute('a'),
  RUNNER_TOOL_CACHE: absolute('b'),
  XDG_CACHE_HOME: absolute('c'),
  HOME: absolute('d'),
};

test.each([
  ['CHARTSHIP_CACHE', ALL, absolute('a', 'tools'), absolute('a', 'compiled')],
  [
    'else the tool cache of the runner',
    { ...ALL, CHARTSHIP_CACHE: '' },
    absolute('b', 'chartship'),
    absolute('b', 'chartship', 'compiled'),
  ],
  [
    'else the cache folder of the user',
    { ...ALL, CHARTSHIP_CACHE: '', RUNNER_TOOL_CACHE: '' },
    absolute('c', 'chartship', 'tools'),
    absolute('c', 'chartship', 'compiled'),
  ],
  [
    'which is below the home',
    { HOME: absolute('d') },
    absolute('d', '.cache', 'chartship', 'tools'),
    absolute('d', '.cache', 'chartship', 'compiled'),
  ],
])('what is kept lies in %s', (_, environment, tools, compiled) => {
  expect(cacheFolder(environment, 'tools')).toBe(tools);
  expect(cacheFolder(environment, 'compiled')).toBe(compiled);
});
