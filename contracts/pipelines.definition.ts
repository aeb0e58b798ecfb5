/** What a pipeline is: the definition in `pipeline.json`, with its parameters and the resources of its runs. */
import * as z from 'zod'
import {
  filePath,
  inputKinds,
  longestPath,
  mostResources,
  outputKinds,
  pipelineRuntimes,
  plainName,
} from '../domain/pipelines/definition.ts'
import { proposals } from '../domain/pipelines/parameters.ts'
import { Name } from './shapes.ts'

const shown = {
  title: z.string().max(120).optional(),
  description: z.string().max(1000).optional(),
  unit: z.string().max(60).optional(),
  group: z.string().max(60).optional(),
  advanced: z.boolean().optional(),
  propose: z.enum(proposals).optional(),
}
const range = {
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  multipleOf: z.number().optional(),
}
const numeric = <const T extends 'number' | 'integer'>(type: T) =>
  z.strictObject({
    type: z.literal(type),
    ...range,
    ...shown,
    default: z.number().optional(),
    enum: z.array(z.number()).min(1).max(200).optional(),
  })
const count = z.int().min(0).max(1000).optional()
/** One parameter: this much of JSON Schema and no more, so that nothing in a schema is silently ignored. */
export const Parameter = z.discriminatedUnion('type', [
  numeric('number'),
  numeric('integer'),
  z.strictObject({
    type: z.literal('string'),
    ...shown,
    default: z.string().max(1000).optional(),
    enum: z.array(z.string().max(200)).min(1).max(200).optional(),
    pattern: z.string().max(200).optional(),
    minLength: count,
    maxLength: count,
  }),
  z.strictObject({ type: z.literal('boolean'), ...shown, default: z.boolean().optional() }),
  z.strictObject({
    type: z.literal('array'),
    ...shown,
    items: z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('number'), ...range }),
      z.strictObject({ type: z.literal('integer'), ...range }),
    ]),
    default: z.array(z.number()).max(1000).optional(),
    minItems: count,
    maxItems: count,
  }),
])
export const parameterName = z.string().regex(plainName, 'A letter, then letters, digits and underscores, at most 60')
export const ParameterSchema = z.strictObject({
  type: z.literal('object'),
  properties: z.record(parameterName, Parameter).refine((p) => Object.keys(p).length <= 200, 'At most 200 parameters'),
  required: z.array(parameterName).max(200).optional(),
  groups: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(60),
        title: z.string().min(1).max(120),
        description: z.string().max(1000).optional(),
      }),
    )
    .max(30)
    .optional(),
})
export const Resources = z.strictObject({
  cpus: z.int().min(1).max(mostResources.cpus),
  memoryMb: z.int().min(128).max(mostResources.memoryMb),
  gpus: z.int().min(0).max(mostResources.gpus),
  seconds: z.int().min(1).max(mostResources.seconds),
})
/** A path in a pipeline’s code, inputs or outputs. */
export const FilePath = z
  .string()
  .min(1)
  .max(longestPath)
  .regex(filePath, 'A relative path of plain characters, no part of it beginning with a dot')
export const PipelineName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,59}$/, 'A small letter, then small letters, digits and dashes, at most 60')
/** What `pipeline.json` holds in a folder that `cloister pipeline publish` takes. */
export const PipelineDefinition = z.strictObject({
  name: PipelineName.describe('Unique in the organisation'),
  title: Name,
  description: z.string().max(4000).default(''),
  runtime: z.enum(pipelineRuntimes),
  image: z
    .string()
    .max(300)
    .regex(/^[a-z0-9][A-Za-z0-9._/:@-]*$/, 'A reference of a container image')
    .optional(),
  command: z
    .array(
      z
        .string()
        .max(4000)
        .regex(/^[^\u0000]*$/),
    )
    .min(1)
    .max(200)
    .describe('Program and arguments, no shell: {{parameter}}, {{inputs.NAME}}, {{output}}, {{code}}, {{parameters}}'),
  inputs: z
    .array(
      z.strictObject({
        name: parameterName,
        kind: z.enum(inputKinds),
        title: z.string().max(120).optional(),
        help: z.string().max(1000).optional(),
        required: z.boolean().default(true),
      }),
    )
    .max(20)
    .default([]),
  outputs: z
    .array(
      z.strictObject({
        match: FilePath.or(
          z
            .string()
            .min(1)
            .max(longestPath)
            .regex(/^(?!\.)[A-Za-z0-9._ *+()@=,-]+(\/(?!\.)[A-Za-z0-9._ *+()@=,-]+)*$/),
        ).describe('A path below the output folder; * is anything but a slash'),
        kind: z.enum(outputKinds),
        title: z.string().max(120).optional(),
        help: z.string().max(1000).optional(),
      }),
    )
    .max(100)
    .default([]),
  resources: Resources.partial().default({}).describe('What is not said: 1 processor, 1024 MB, no GPU, 3600 seconds'),
  parameters: ParameterSchema.default({ type: 'object', properties: {} }),
})
