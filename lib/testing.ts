/** Templates for the tests: synthesised once for each context, without code and in a folder that goes away. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Synthesis, synthesise } from './synth.ts'

/** A piece of a template: JSON of whatever shape CloudFormation gives it. */
export type Json = ReturnType<typeof JSON.parse>
export interface Resource {
  id: string
  stack: string
  Type: string
  Properties: Json
  DeletionPolicy?: string
}

interface Synthesised extends Synthesis {
  resources: Resource[]
  of: (type: string) => Resource[]
  stack: (name: string) => Json
}

/** All resources of a stage, of all its stacks. */
export function synthesised(context: Record<string, unknown> = {}): Synthesised {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-test-'))
  try {
    const result = synthesise({ bundle: 'false', webFiles: 'not-built', ...context }, folder)
    const templates = new Map(
      result.assembly.stacks.map((s) => [s.stackName.replace(/^cloister-(prod|dev)-/, ''), s.template as Json]),
    )
    const resources = [...templates].flatMap(([stack, t]) =>
      Object.entries<Json>(t.Resources).map(([id, r]) => ({ id, stack, ...r }) as Resource),
    )
    return {
      ...result,
      resources,
      of: (type) => resources.filter((r) => r.Type === type),
      stack: (name) => templates.get(name),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A value of a template as one text: joins and references spelled out, so that tests can look for words in it. */
export const text = (value: unknown): string => JSON.stringify(value)
