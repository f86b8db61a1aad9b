import { describe, expect, test } from '@jest/globals';
import { annotationsOf, configOf, metadataOf, normaliseFiles } from '../../src/domain/archive-metadata.ts';

const file = (path: string, content: string) => ({ path, content: new TextEncoder().encode(content) });
const text = (content: Uint8Array | undefined) => new TextDecoder().decode(content);
const normalised = (path: string, content: string) => text(normaliseFiles([file(path, content)])[0]?.content);
const metadata = (content: string) => {
  const read = metadataOf([file('Chart.yaml', content)]);
  if (read === undefined) throw new Error('no metadata');
  return read;
};

describe('normaliseFiles', () => {
  test('how a Chart.yaml is written does not matter, what it says does', () => {
    const person =
      '# comment\nname: c\nversion: "1.0.0"\ndescription: >-\n  one\n  two\nmaintainers: [{email: a@b.c, name: A}]\nunknown: 1\napiVersion: v2\n';
    const helm =
      "apiVersion: v2\ndescription: 'one two'\nmaintainers:\n- email: a@b.c\n  name: A\nname: c\nversion: 1.0.0\n";
    expect(normalised('Chart.yaml', person)).toBe(normalised('Chart.yaml', helm));
    expect(normalised('Chart.yaml', helm)).toBe(
      'apiVersion: "v2"\ndescription: "one two"\nmaintainers:\n  - email: "a@b.c"\n    name: "A"\nname: "c"\nversion: "1.0.0"\n',
    );
    expect(normalised('Chart.yaml', helm.replace('1.0.0', '1.0.1'))).not.toBe(normalised('Chart.yaml', helm));
  });

  test.each(['1.10', '012', '0x10', '1e3', 'yes', 'null', '2024-01-01', '~', '1_000', '12:30:45'])(
    '%s stays the text it is',
    (value) => {
      expect(normalised('Chart.yaml', `appVersion: "${value}"\n`)).toBe(`appVersion: "${value}"\n`);
      expect(normalised('Chart.yaml', `appVersion: ${value}\n`)).toBe(`appVersion: "${value}"\n`);
    },
  );

  test('line breaks of every kind, quotes and letters survive', () => {
    const value = 'a "b" \\ \u2028 \u0085 é 🚀\n\tend';
    const written = normalised('Chart.yaml', `description: ${JSON.stringify(value)}\n`);
    expect(written).toBe('description: "a \\"b\\" \\\\ \\u2028 \\u0085 é 🚀\\n\\tend"\n');
    expect(metadata(written).description).toBe(value);
  });

  test('locks and nested charts too, nothing else', () => {
    const lock =
      'generated: "2024-05-01T10:00:00Z"\ndigest: sha256:ab\ndependencies:\n- name: sub\n  version: 0.1.0\n  repository: ""\n';
    const written =
      'dependencies:\n  - name: "sub"\n    repository: ""\n    version: "0.1.0"\ndigest: "sha256:ab"\ngenerated: "2024-05-01T10:00:00Z"\n';
    for (const path of ['Chart.lock', 'charts/a/Chart.lock', 'charts/a/charts/b/Chart.lock'])
      expect(normalised(path, lock)).toBe(written);
    expect(normalised('charts/a/Chart.yaml', 'name:   a\ndeprecated: true')).toBe('deprecated: true\nname: "a"\n');
    for (const path of ['files/Chart.yaml', 'templates/Chart.lock', 'charts/Chart.yaml', 'xChart.yaml']) {
      expect(normalised(path, lock)).toBe(lock);
    }
  });

  test('what is no map is left as it is', () => {
    for (const content of ['- a\n', 'a: [', '', 'text']) expect(normalised('Chart.yaml', content)).toBe(content);
  });
});

describe('the config blob', () => {
  test("is what Go's encoder gives for helm's structure", () => {
    const content =
      'version: 1.0.0\nname: c\ndescription: a <b> & c\ndeprecated: true\napiVersion: v2\nannotations: {z: "1", a: "2"}\ndependencies:\n- {name: s, repository: "", version: 1.x, condition: s.enabled}\n';
    expect(text(configOf(metadata(content)))).toBe(
      '{"name":"c","version":"1.0.0","description":"a \\u003cb\\u003e \\u0026 c","apiVersion":"v2","deprecated":true,"annotations":{"a":"2","z":"1"},"dependencies":[{"name":"s","version":"1.x","repository":"","condition":"s.enabled"}]}',
    );
  });

  test('a chart of the first API version has its dependencies from requirements.yaml', () => {
    const files = [
      file('Chart.yaml', 'apiVersion: v1\nname: c\nversion: 1.0.0\n'),
      file('requirements.yaml', 'dependencies:\n- {name: s, version: 1.x, repository: https://r}\n'),
    ];
    expect(metadataOf(files)?.dependencies).toEqual([{ name: 's', version: '1.x', repository: 'https://r' }]);
  });
});

describe('annotations', () => {
  test("the chart's own may replace any but title and version; nothing empty", () => {
    const own =
      'annotations: {org.opencontainers.image.title: evil, org.opencontainers.image.version: "9", org.opencontainers.image.url: https://own, x: y}\n';
    expect(
      annotationsOf(
        metadata(
          `name: c\nversion: 1.0.0\nhome: https://home\ndescription: " "\nmaintainers: [{name: A, email: a@b}, {name: B}]\nsources: [https://s1, https://s2]\n${own}`,
        ),
        '2020-01-01T00:00:00Z',
      ),
    ).toEqual({
      'org.opencontainers.image.title': 'c',
      'org.opencontainers.image.version': '1.0.0',
      'org.opencontainers.image.url': 'https://own',
      'org.opencontainers.image.created': '2020-01-01T00:00:00Z',
      'org.opencontainers.image.source': 'https://s1',
      'org.opencontainers.image.authors': 'A (a@b), B',
      x: 'y',
    });
  });
});
