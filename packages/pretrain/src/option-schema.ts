import { printable, printableValue, SelfsupError } from '@selfsup/core';
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import { suggest } from './suggest.ts';

/**
 * What options there are: one source for types, checks, defaults, flags of the command line, run.json, `-h` and the tables in the docs.
 *
 * @remarks Any library with the Standard Schema and Standard JSON Schema interfaces will do; a `z.strictObject` of zod (4.2 or newer) is what this package
 * itself uses. The schema must be an object, its checks synchronous, and every property is best given a `describe('…')`.
 * @see https://standardschema.dev
 */
export type OptionSchema<O extends object = object> = StandardSchemaV1<unknown, O> & StandardJSONSchemaV1<unknown, O>;

/** The options that a schema gives once defaults are filled in. */
export type OptionsOf<S> = S extends OptionSchema<infer O> ? O : never;

/** One option as its schema describes it. */
export interface OptionDescription {
  /** In camelCase, such as `queueSize`. */
  readonly name: string;
  /** In words; empty where the schema has none. */
  readonly description: string;
  /** What a value must be, such as `an integer >= 1` or `one of a, b`. */
  readonly expected: string;
  /** How a value on a command line is read; of a `list`, whose items are alike, a lone value is a list of one. */
  readonly kind: 'number' | 'boolean' | 'string' | 'list' | 'json';
  /** The value unless given; absent where there is none or where it depends on other options. */
  readonly default?: unknown;
}

/** The part of JSON Schema that options are described by. */
interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly items?: JsonSchema | boolean;
  readonly prefixItems?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

const show = (value: unknown): string => (typeof value === 'string' ? `'${printable(value, { maxLength: 160 })}'` : printableValue(value));

function describeNumber({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const noun = type === 'integer' ? 'an integer' : 'a number';
  const least = minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const most = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const from = exclusiveMinimum === undefined ? least : exclusiveMinimum;
  const to = exclusiveMaximum === undefined ? most : exclusiveMaximum;
  if (from !== undefined && to !== undefined)
    return `${noun} in ${exclusiveMinimum === undefined ? '[' : '('}${from}, ${to}${exclusiveMaximum === undefined ? ']' : ')'}`;
  if (from !== undefined) return `${noun} ${exclusiveMinimum === undefined ? '>=' : '>'} ${from}`;
  if (to !== undefined) return `${noun} ${exclusiveMaximum === undefined ? '<=' : '<'} ${to}`;
  return noun;
}

/** What each item of a list must be; undefined where it may be anything, or where each has its own rule. */
const itemsOf = ({ type, items, prefixItems }: JsonSchema): JsonSchema | undefined =>
  type === 'array' && !prefixItems && typeof items === 'object' && Object.keys(items).length > 0 ? items : undefined;

/** Whether a value is what {@link describeExpected} says. */
function isAsDescribed(schema: JsonSchema, value: unknown): boolean {
  if (schema.enum) return schema.enum.includes(value);
  if (schema.const !== undefined) return value === schema.const;
  if (schema.anyOf) return schema.anyOf.some((one) => one.description === undefined && isAsDescribed(one, value)); // words tell it all
  if (schema.type === 'integer' || schema.type === 'number') {
    const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = schema;
    const isNumber = schema.type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value);
    const number = value as number;
    return isNumber && number >= minimum && number <= maximum && number > exclusiveMinimum && number < exclusiveMaximum;
  }
  if (schema.type === 'boolean') return typeof value === 'boolean';
  if (schema.type === 'string') return typeof value === 'string' && value.length >= Math.min(1, schema.minLength ?? 0);
  if (schema.type === 'array') {
    if (!Array.isArray(value) || value.length < (schema.minItems ?? 0)) return false;
    const { prefixItems } = schema;
    if (prefixItems) return value.length === prefixItems.length && prefixItems.every((item, i) => isAsDescribed(item, value[i]));
    const item = itemsOf(schema);
    return !item || value.every((each) => isAsDescribed(item, each));
  }
  return schema.type !== 'object' || (typeof value === 'object' && value !== null && !Array.isArray(value));
}

function describeExpected(schema: JsonSchema): string {
  if (schema.enum) return `one of ${schema.enum.map(String).join(', ')}`;
  if (schema.const !== undefined) return show(schema.const);
  if (schema.anyOf) return schema.anyOf.map((one) => one.description ?? describeExpected(one)).join(', or ');
  if (schema.type === 'integer' || schema.type === 'number') return describeNumber(schema);
  if (schema.type === 'boolean') return 'true or false';
  if (schema.type === 'string') return schema.minLength ? 'text that is not empty' : 'text';
  if (schema.type === 'array') {
    if (schema.prefixItems) return `a list of ${schema.prefixItems.length}: ${schema.prefixItems.map(describeExpected).join(', ')}`;
    const list = schema.minItems ? `a list of at least ${schema.minItems}` : 'a list';
    const item = itemsOf(schema);
    return item ? `${list}, each ${describeExpected(item)}` : list;
  }
  return schema.type === 'object' ? 'an object' : 'a value';
}

function kindOf(schema: JsonSchema): OptionDescription['kind'] {
  if (schema.type === 'integer' || schema.type === 'number') return 'number';
  if (schema.type === 'boolean') return 'boolean';
  if (schema.type === 'string' || schema.enum?.every((value) => typeof value === 'string')) return 'string';
  return itemsOf(schema) ? 'list' : 'json';
}

function propertiesOf(schema: OptionSchema): Readonly<Record<string, JsonSchema>> {
  const json = schema['~standard'].jsonSchema.input({ target: 'draft-2020-12' }) as JsonSchema;
  return json.properties ?? {};
}

/**
 * Lists the options of a schema.
 *
 * @param schema see {@link OptionSchema}
 * @returns one description for each, in the order of the schema
 */
export function describeOptions(schema: OptionSchema): readonly OptionDescription[] {
  return Object.entries(propertiesOf(schema)).map(([name, property]) => ({
    name,
    description: property.description ?? '',
    expected: describeExpected(property),
    kind: kindOf(property),
    ...('default' in property && { default: property.default }),
  }));
}

/** How options are named in the messages of {@link parseOptions}. */
export interface ParseOptionsNames {
  /** Who takes the options, such as `task moco`. */
  who: string;
  /** How an option is written where the user wrote it; default the name in backticks. */
  nameOf?: (name: string) => string;
}

const keyOf = (segment: PropertyKey | { readonly key: PropertyKey }): string => String(typeof segment === 'object' ? segment.key : segment);

/** What a check of the schema's own says where the description of the option does not tell what is wrong. */
function reasonOf(property: JsonSchema, { value, issue }: { value: unknown; issue: StandardSchemaV1.Issue }): string {
  return isAsDescribed(property, value) ? `; ${printable(issue.message, { maxLength: 200 })}` : '';
}

/** How a list of one is written, where its item was given without the list. */
function asList(property: JsonSchema, value: unknown): string {
  const isItem = itemsOf(property) && !Array.isArray(value) && isAsDescribed(property, [value]);
  return isItem ? `; a list of one is ${show([value])}` : '';
}

/**
 * Checks options and fills in their defaults.
 *
 * @param schema see {@link OptionSchema}
 * @param given what the user gave; undefined properties count as not given
 * @param names how to name things in messages
 * @returns complete options
 * @throws SelfsupError `SELFSUP_OPTION` naming the option, what was expected and what came; of an unknown option the nearest known one
 */
export function parseOptions<O extends object>(schema: OptionSchema<O>, given: object, names: ParseOptionsNames): O {
  const { who, nameOf = (name) => `\`${name}\`` } = names;
  const properties = propertiesOf(schema);
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(present))
    if (!Object.hasOwn(properties, name))
      throw new SelfsupError(
        'SELFSUP_OPTION',
        `${who} has no option ${nameOf(printable(name, { maxLength: 60 }))}${suggest(name, Object.keys(properties), nameOf)}`,
      );
  const result = schema['~standard'].validate(present);
  if (result instanceof Promise)
    throw new SelfsupError('SELFSUP_PLUGIN_API', `${who}: the checks of the option schema must be synchronous`);
  if (!result.issues) return result.value;
  const [issue] = result.issues;
  const name = issue?.path?.[0] === undefined ? undefined : keyOf(issue.path[0]);
  if (name === undefined || !Object.hasOwn(properties, name))
    throw new SelfsupError('SELFSUP_OPTION', `${who}: ${issue?.message ?? 'the options are not valid'}`);
  if (!Object.hasOwn(present, name) && 'default' in properties[name]!)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: ${nameOf(name)}: ${printable(issue!.message, { maxLength: 200 })}`);
  if (!Object.hasOwn(present, name))
    throw new SelfsupError('SELFSUP_OPTION', `${who} needs ${nameOf(name)}: ${describeExpected(properties[name]!)}`);
  const [property, value] = [properties[name]!, present[name]];
  const isTooLarge = Number.isInteger(value) && (value as number) > Number.MAX_SAFE_INTEGER && property.maximum === Number.MAX_SAFE_INTEGER;
  throw new SelfsupError(
    'SELFSUP_OPTION',
    `${who}: ${nameOf(name)} must be ${describeExpected(property)}${isTooLarge ? ` and <= ${Number.MAX_SAFE_INTEGER}` : ''}${reasonOf(property, { value, issue: issue! })}, got ${show(value)}${asList(property, value)}`,
  );
}
