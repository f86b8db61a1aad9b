import { expect, test } from '@jest/globals';
import { templateTree } from '../../src/domain/values-use/template-tree.ts';

const only = (source: string) => {
  const step = templateTree(source)?.steps[0];
  return step?.kind === 'print' ? step.pipe.commands[0]?.[0] : step;
};

test('letters and digits beyond ASCII are those of a name, as Go has it', () => {
  expect(only('{{ .Values.größe.𝟘.٣ }}')).toMatchObject({ kind: 'dot', fields: ['Values', 'größe', '𝟘', '٣'] });
  expect(only('{{ $été.a }}')).toMatchObject({ kind: 'variable', name: '$été', fields: ['a'] });
  // No `end` with something behind it, but the name of a function.
  expect(only('{{ endé }}')).toMatchObject({ kind: 'function', name: 'endé' });
});
