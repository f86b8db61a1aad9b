// chart/values.schema.json from chart/values.yaml: strict for the chart's own keys, open for the dependencies'.
import { readValues } from './values.mjs';

const object = (description, rest) => ({ description, type: 'object', ...rest });
const list = (description, items) => ({ description, type: 'array', items });
const text = (description, pattern, rest) => ({ description, type: 'string', pattern, ...rest });

const LABEL_VALUE = '^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$';
const OBJECT_NAME = '[a-z0-9]([a-z0-9.-]*[a-z0-9])?';

/** What several values are; the part behind `#/definitions/` in an `@schema` line. */
const definitions = {
  nameOrNone: text('A DNS label, or nothing.', '^([a-z]([a-z0-9-]*[a-z0-9])?)?$', { maxLength: 63 }),
  objectName: text('Name of an object.', `^${OBJECT_NAME}$`, { maxLength: 253 }),
  objectNameOrNone: text('Name of an object, or nothing.', `^(${OBJECT_NAME})?$`, { maxLength: 253 }),
  hostOrNone: text('A host name or an address, without scheme and port.', '^([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])?$'),
  port: { description: 'A port.', type: 'integer', minimum: 1, maximum: 65535 },
  duration: text('A duration as Prometheus and Go write it: 30s, 5m, 1h.', '^([0-9]+(ms|s|m|h))+$'),
  pullPolicy: {
    description: 'When a node asks the registry.',
    type: 'string',
    enum: ['Always', 'IfNotPresent', 'Never'],
  },
  pullSecret: {
    description: 'Name of a Secret, plain or as {name: …}.',
    anyOf: [
      { $ref: '#/definitions/objectName' },
      object('As pods have it.', {
        required: ['name'],
        additionalProperties: false,
        properties: { name: { $ref: '#/definitions/objectName' } },
      }),
    ],
  },
  labelValue: text("A label's value.", LABEL_VALUE),
  labels: object('Labels.', { additionalProperties: { $ref: '#/definitions/labelValue' } }),
  texts: object('Texts by key.', { additionalProperties: { type: 'string' } }),
  quantity: {
    description: 'An amount as Kubernetes writes it: 250m, 0.5, 512Mi.',
    oneOf: [
      { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(m|k|[KMGTPE]i?)?$' },
      { type: 'number', exclusiveMinimum: 0 },
    ],
  },
  quantities: object('Amounts by resource.', {
    propertyNames: { pattern: '^[a-z0-9]([a-z0-9./-]*[a-z0-9])?$' },
    additionalProperties: { $ref: '#/definitions/quantity' },
  }),
  resources: object('What a container asks for and may use.', {
    required: ['requests'],
    additionalProperties: false,
    properties: {
      requests: {
        description: 'What a node must have free; cpu and memory are required.',
        allOf: [{ $ref: '#/definitions/quantities' }],
        required: ['cpu', 'memory'],
      },
      limits: { description: 'What a container may use at most.', allOf: [{ $ref: '#/definitions/quantities' }] },
    },
  }),
  amountOrNone: {
    description: 'A number, a percentage, or nothing.',
    anyOf: [
      { type: 'integer', minimum: 0 },
      { type: 'string', pattern: '^([0-9]+%)?$' },
    ],
  },
  kubernetes: object('As Kubernetes has it; the API server checks it.', {}),
  envValue: { description: 'A text; a number or a boolean becomes one.', type: ['string', 'number', 'boolean'] },
  envVars: list(
    'Environment variables.',
    object('A variable, as a container has it.', {
      required: ['name'],
      additionalProperties: false,
      properties: {
        name: text('Its name.', '^[A-Za-z_][A-Za-z0-9_.-]*$'),
        value: { description: 'Its value.', type: 'string' },
        valueFrom: object('Where its value comes from.', {}),
      },
    }),
  ),
  volumes: list(
    'Volumes.',
    object('A volume, as a pod has it.', {
      required: ['name'],
      properties: {
        name: {
          description: 'Its name; the chart has secrets, tmp, backups and scratch itself.',
          type: 'string',
          not: { enum: ['secrets', 'tmp', 'backups', 'scratch'] },
        },
      },
    }),
  ),
  volumeMounts: list(
    'Mounts.',
    object('A mount, as a container has it.', {
      required: ['name', 'mountPath'],
      properties: {
        name: { description: 'The volume.', type: 'string', minLength: 1 },
        mountPath: { description: 'Where.', type: 'string', pattern: '^/' },
      },
    }),
  ),
  egressRule: object('An egress rule of a NetworkPolicy; one without `to` goes anywhere.', {
    additionalProperties: false,
    properties: {
      to: list('Peers.', { $ref: '#/definitions/kubernetes' }),
      ports: list('Ports.', { $ref: '#/definitions/kubernetes' }),
    },
  }),
  ingressHost: object('A host of the Ingress.', {
    required: ['host'],
    additionalProperties: false,
    properties: {
      host: { description: 'Host name.', type: 'string', minLength: 1 },
      paths: list(
        'Paths; none: all.',
        object('A path.', {
          required: ['path'],
          additionalProperties: false,
          properties: {
            path: text('The path.', '^/'),
            pathType: { description: 'How it is compared.', enum: ['Prefix', 'Exact', 'ImplementationSpecific'] },
          },
        }),
      ),
    },
  }),
};

/** Keys that no default has: they are refused, or not read by this chart. */
const withoutDefault = {
  '': {
    enabled: {
      description: 'Not read here: for the condition of a chart that has this one as a dependency.',
      type: 'boolean',
    },
    tags: object('Not read here: Helm enables dependencies by them.', {}),
  },
  redis: {
    sentinel: object('Redis Sentinel, which the agent does not speak.', {
      properties: { enabled: { description: 'Must be false.', const: false } },
    }),
  },
};

export function valuesSchema(valuesYaml) {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the task-api chart',
    description: 'Generated from values.yaml by npm run generate.',
    ...mapOf(readValues(valuesYaml), '', {}, false),
    definitions,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** Below an open map, which is another chart's, nothing is required but what is said to be. */
function mapOf(entries, path, own, isInOpen) {
  const { additionalProperties = isInOpen, propertyNames } = own;
  const isOpen = additionalProperties === true;
  // A map whose keys are the user's choice has a schema for them.
  const isFree = typeof additionalProperties === 'object';
  return {
    type: 'object',
    additionalProperties,
    required: own.required ?? (isOpen || isFree ? [] : entries.map(({ key }) => key)),
    ...(propertyNames && { propertyNames }),
    properties: {
      ...Object.fromEntries(entries.map((entry) => [entry.key, schemaOf(entry, isOpen)])),
      ...withoutDefault[path],
    },
  };
}

function schemaOf({ path, description, schema, value, children }, isInOpen) {
  if (schema.$ref) return { description, allOf: [{ $ref: schema.$ref }] };
  if (children) return { description, ...mapOf(children, path, schema, isInOpen) };
  return { description, ...(!schema.enum && { type: typeOf(value, path) }), ...schema };
}

function typeOf(value, path) {
  if (Array.isArray(value)) return 'array';
  if (Number.isInteger(value)) return 'integer';
  if (value === null || typeof value === 'number') throw new Error(`values.yaml: ${path} has no type to infer`);
  return typeof value;
}
