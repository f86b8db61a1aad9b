// Generates what users read from where it is declared: from the inputs (src/inputs.ts) action.yml, the tables of
// README.md and chartship.schema.json; from chart/values.yaml the chart's schema and its README's table; from the pages
// on rules their index; from the repository's address in package.json where workflows and examples find the Action.
// `--check` writes nothing and fails when one of them has drifted.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { parse, stringify } from 'yaml';
import { readRulePages } from './build.mjs';
import { valuesTable } from './chart/readme.mjs';
import { valuesSchema } from './chart/schema.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

async function declarations() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/inputs.ts'],
    bundle: true,
    format: 'esm',
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

function actionYaml({ INPUTS, OUTPUTS }) {
  const inputs = {};
  for (const input of INPUTS) {
    inputs[input.name] = {
      description: `${input.description} Default: ${input.default}.`,
      required: false,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub's, not of ours
      ...(input.name === 'github-token' && { default: '${{ github.token }}' }),
    };
  }
  const outputs = Object.fromEntries(Object.entries(OUTPUTS).map(([name, description]) => [name, { description }]));
  const action = {
    name: 'Chartship',
    description:
      'Takes a Helm chart from source to a published release: lint, render per environment, validate, package reproducibly, push by digest.',
    author: 'The Chartship authors',
    branding: { icon: 'anchor', color: 'blue' },
    inputs,
    outputs,
    runs: { using: 'node24', main: 'dist/index.js', post: 'dist/post.js' },
  };
  return `# Generated from src/inputs.ts by npm run generate.\n${stringify(action, { lineWidth: 0 })}`;
}

function editorSchema({ INPUTS, ENVIRONMENT_KEYS }) {
  const texts = { type: 'array', items: { type: 'string' } };
  const property = (declaration) => {
    const description =
      declaration.default === undefined
        ? declaration.description
        : `${declaration.description} Default: ${declaration.default}.`;
    switch (declaration.kind) {
      case 'list':
      case 'lines':
        return { description, anyOf: [{ type: 'string' }, texts] };
      case 'pairs':
        return { description, anyOf: [{ type: 'object', additionalProperties: { type: 'string' } }, texts] };
      case 'boolean':
        return { description, type: 'boolean' };
      case 'choice':
        return { description, enum: declaration.choices };
      case 'duration':
        return { description, type: 'string', pattern: '^(?=.)([0-9]+h)?([0-9]+m)?([0-9]+s)?$' };
      default:
        return { description, type: 'string' };
    }
  };
  const properties = Object.fromEntries(
    INPUTS.filter((input) => input.fileKey !== undefined).map((input) => [input.fileKey, property(input)]),
  );
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'chartship.yaml',
    description: 'Configuration of Chartship. Generated from src/inputs.ts by npm run generate.',
    type: 'object',
    additionalProperties: false,
    properties: {
      ...properties,
      environments: {
        description:
          'The environments of the charts, in order. Without this key each values-NAME.yaml beside Chart.yaml is one.',
        type: 'object',
        minProperties: 1,
        additionalProperties: {
          type: ['object', 'null'],
          additionalProperties: false,
          properties: Object.fromEntries(
            Object.entries(ENVIRONMENT_KEYS).map(([key, declaration]) => [key, property(declaration)]),
          ),
        },
      },
    },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function readme(text, { INPUTS, OUTPUTS }, workflow, address) {
  const cell = (value) => value.replaceAll('|', '\\|');
  const inputs = INPUTS.map(
    (input) =>
      `| \`${input.name}\` | ${input.fileKey === undefined ? '' : `\`${input.fileKey}\``} | ${cell(input.default)} | ${cell(input.description)} |`,
  );
  const outputs = Object.entries(OUTPUTS).map(([name, description]) => `| \`${name}\` | ${cell(description)} |`);
  return section(
    section(section(section(text, 'address', addressLines(address)), 'pipeline', pipelineTable(workflow)), 'inputs', [
      '| input | in chartship.yaml | default | meaning |',
      '| --- | --- | --- | --- |',
      ...inputs,
    ]),
    'outputs',
    ['| output | meaning |', '| --- | --- |', ...outputs],
  );
}

/** The address of every action and workflow that is neither GitHub's own nor in the checkout, and of our own signer. */
function addressed(text, address) {
  return text
    .replace(/(uses: )(?!actions\/|\.\/)[\w.-]+\/[\w.-]+(?=[@/])/g, `$1${address}`)
    .replace(/(workflow=)[\w.-]+\/[\w.-]+(?=\/\.github\/workflows\/pipeline\.yml@)/g, `$1${address}`);
}

/** Where Chartship is found, or what to write as long as it has no place of its own. */
function addressLines(address) {
  const isSettled = !address.startsWith('OWNER/');
  return [
    isSettled
      ? `Chartship is [${address}](https://github.com/${address}) at GitHub.`
      : `\`${address}\` stands for the place where you found this repository at GitHub, here and in every example: write its owner for \`OWNER\`.`,
  ];
}

/** What a caller of the reusable workflow can give. */
function pipelineTable(workflow) {
  const { inputs, secrets } = parse(workflow).on.workflow_call;
  const shown = (value) => (value === undefined || value === '' ? '' : `\`${value}\``);
  const rows = [
    ...Object.entries(inputs).map(([name, { default: otherwise, description }]) => [
      name,
      shown(otherwise),
      description,
    ]),
    ...Object.entries(secrets).map(([name, { description }]) => [`secrets.${name}`, '', description]),
  ];
  const lines = rows.map(([name, otherwise, description]) => `| \`${name}\` | ${otherwise} | ${description} |`);
  return ['| input or secret | default | meaning |', '| --- | --- | --- |', ...lines];
}

/** The index of docs/rules: each page with its default severity and its first sentence. */
function rulesIndex(pages) {
  const rows = Object.entries(pages).map(([rule, page]) => {
    const severity = /^By default: (\S+)$/m.exec(page)?.[1];
    const what = /^# .*\n\n(.*?[^.]\.)(?= |\n)/.exec(page)?.[1];
    if (severity === undefined || what === undefined) throw new Error(`docs/rules/${rule}.md isn't of the usual form`);
    return `| [${rule}](${rule}.md) | ${severity} | ${what.replaceAll('|', '\\|')} |`;
  });
  return [
    '<!-- Generated from the pages by npm run generate. -->',
    '',
    '# Rules',
    '',
    '`chartship --explain RULE` prints a page. Each is told as `policies` says (`RULE=error`, `RULE=warning`, `RULE=note`, `RULE=off`; a policy with or without `policy/`), but for those that are always errors, as their pages say.',
    '',
    '| rule | by default | what |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function section(text, name, lines) {
  const [begin, end] = [`<!-- ${name}: generated by npm run generate -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to === -1) throw new Error(`There is no section between ${begin} and ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${lines.join('\n')}\n\n${text.slice(to)}`;
}

const from = await declarations();
const current = (name) => {
  try {
    return readFileSync(join(root, name), 'utf8');
  } catch {
    return '';
  }
};
const address = JSON.parse(current('package.json')).repository.replace(/^github:/, '');
const pipeline = '.github/workflows/pipeline.yml';
const generated = {
  'action.yml': actionYaml(from),
  'chartship.schema.json': editorSchema(from),
  'README.md': addressed(readme(current('README.md'), from, current(pipeline), address), address),
  [pipeline]: addressed(current(pipeline), address),
  'docs/rules/README.md': rulesIndex(readRulePages()),
  'chart/values.schema.json': valuesSchema(current('chart/values.yaml')),
  'chart/README.md': section(current('chart/README.md'), 'values', valuesTable(current('chart/values.yaml'))),
};
const drifted = Object.entries(generated).filter(([name, text]) => current(name) !== text);
if (!process.argv.includes('--check')) for (const [name, text] of drifted) writeFileSync(join(root, name), text);
else if (drifted.length > 0) {
  console.error(
    `Not as src/inputs.ts, chart/values.yaml and docs/rules have it: ${drifted.map(([name]) => name).join(', ')}\nRun npm run generate and commit them.`,
  );
  process.exitCode = 1;
}
