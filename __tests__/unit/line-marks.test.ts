import { describe, expect, test } from '@jest/globals';
import { marked, markOf, unmarked } from '../../src/domain/provenance/line-marks.ts';
import { templateParts } from '../../src/domain/provenance/template-parts.ts';

describe('a template taken apart', () => {
  test.each([
    ['a{{ b }}c', ['a', '{b}', 'c']],
    ['{{- "}}" }}{{ `{{` -}}', ['{"}}"}', '{`{{`}']],
    ['{{/* {{ x }} }} */}}y', ['{/* {{ x }} }} */}', 'y']],
    ['{{ \'}\' }}{{ "\\"}}" }}', ["{'}'}", '{"\\"}}"}']],
    ['{{-3}}', ['{-3}']],
  ])('%s', (source, expected) => {
    const parts = templateParts(source) ?? [];
    expect(parts.map((part) => (part.kind === 'text' ? part.text : `{${part.code.trim()}}`))).toEqual(expected);
  });

  test('what trims and what prints', () => {
    const actions = (
      templateParts('{{- if x -}}{{ x }}{{ $a := 1 }}{{ $a = 2 }}{{ $a }}{{end}}{{ template "t" . }}') ?? []
    ).flatMap((part) => (part.kind === 'action' ? [[part.trimsLeft, part.trimsRight, part.prints]] : []));
    expect(actions).toEqual([
      [true, true, false],
      [false, false, true],
      [false, false, false],
      [false, false, false],
      [false, false, true],
      [false, false, false],
      [false, false, true],
    ]);
  });

  test('an action without an end is none', () => {
    for (const source of ['{{ a', '{{ "}}', '{{/* a }}', '{{ `}}']) expect(templateParts(source)).toBeUndefined();
    expect(marked('a: {{ b', 0)).toBe('a: {{ b');
  });
});

describe('marks', () => {
  test('stand behind entries of mappings and lists', () => {
    expect(marked('a:\n  - b: 1 # c\n  - d\ne: f: g\nhttp://x\n# h: i\n"k": l', 3)).toBe(
      'a:{{ " #@@3.1" }}\n  - b: 1 # c{{ " #@@3.2" }}\n  - d{{ " #@@3.3" }}\ne: f: g{{ " #@@3.4" }}\nhttp://x\n# h: i\n"k": l{{ " #@@3.7" }}',
    );
  });

  test('take over what an action trims', () => {
    expect(marked('{{ define "a" -}}\nb: {{ .c -}}\n{{ end }}', 0)).toBe(
      '{{ define "a" -}}\nb: {{ .c }}{{ " #@@0.2" -}}\n{{ end }}',
    );
  });

  test('stand around what an action prints below a key', () => {
    expect(marked('a:\n  {{- toYaml .b | nindent 2 }}\n', 0)).toBe(
      'a:{{ " #@@0.1" }}\n  {{- " #@@<0.2" }}{{ toYaml .b | nindent 2 }}{{ " #@@>0.2" }}\n',
    );
    expect(marked('a:\n{{ toYaml .b | indent 2 }}\n', 0)).toBe(
      'a:{{ " #@@0.1" }}\n{{ "  #@@<0.2\\n" }}{{ toYaml .b | indent 2 }}{{ "\\n  #@@>0.2" }}\n',
    );
  });

  test('end their line where something follows without a newline', () => {
    expect(marked('  a:\n  {{- if .b }} 1{{ end }}', 0)).toBe('  a:{{ " #@@0.1\\n    " }}\n  {{- if .b }} 1{{ end }}');
  });

  test('leave alone what makes texts, and lines that print nothing', () => {
    const source =
      '{{- define "name" -}}\n{{ .a }}:{{ .b }}\n{{- end }}\n{{- with .x }}\n{{ printf "a: b" }}\n{{ end }}';
    expect(marked(source, 0)).toBe(source);
  });

  test('take no longer for lines and actions that no person writes', () => {
    const blanks = ' '.repeat(300_000);
    const started = performance.now();
    for (const source of [
      `a${blanks}b`,
      `- ${blanks}a`,
      `{{ a |${blanks}b }}`,
      `{{ a ${'|'.repeat(300_000)} }}`,
      '{{'.repeat(100_000),
      '-\n'.repeat(100_000),
    ])
      marked(source, 0);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('are read for a line of what was rendered', () => {
    const text = [
      'a: 1 #@@0.1',
      'b: #@@0.2 #@@<0.3',
      '  c: 2',
      '  d: 3 #@@4.9',
      '  e: 4 #@@>0.3',
      'f: 5',
      ' #@@<0.8',
      'g: 6',
    ].join('\n');
    expect([1, 2, 3, 4, 5, 6, 8].map((line) => markOf(text, line))).toEqual([
      { template: 0, line: 1, by: 'entry' },
      { template: 0, line: 2, by: 'entry' },
      { template: 0, line: 3, by: 'action' },
      { template: 4, line: 9, by: 'entry' },
      { template: 0, line: 3, by: 'action' },
      undefined,
      { template: 0, line: 8, by: 'action' },
    ]);
    expect(unmarked('a #@@0.1\n#@@<0.2\nb #@@>0.2')).toBe('ab');
  });
});
