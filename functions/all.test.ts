import { existsSync } from 'node:fs'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { pipelines } from '../contracts/pipelines.ts'
import { runs } from '../contracts/runs.ts'
import { allRoutes, areas, serverFunctions } from '../contracts/index.ts'
import { creators } from './all.ts'
import { type ResolversOf, served } from './kernel/area.ts'
import { inStudy } from './kernel/resources.ts'

describe('every function that a contract names', () => {
  const named = [...new Set(allRoutes.map((r) => `${r.area}/${r.route.function}`))]
  it('has a creator, by its area and name', () => expect(Object.keys(creators).sort()).toEqual(named.sort()))
  it.each(named)('%s: the creator is found', async (name) => expect(await creators[name]!()).toBeTypeOf('function'))
  it.each(serverFunctions.map((f) => f.entry))('%s is there, for AWS', (entry) => expect(existsSync(entry)).toBe(true))
})

describe('an area', () => {
  it('is not served without the resolver of a kind of access that its routes name', () => {
    // @ts-expect-error neither of a run nor of a run token
    expect(served(runs, { study: inStudy }).resolvers).not.toHaveProperty('run')
  })
  it('brings no resolver that its routes do not name', () => {
    const resolvers = {} as ResolversOf<typeof pipelines>
    // @ts-expect-error no route of pipelines is about a study
    expect(served(pipelines, { ...resolvers, study: inStudy }).resolvers).toHaveProperty('study')
  })
})

describe('in AWS a function loads its own area alone', () => {
  const contracts = Object.keys(areas).map((name) => `contracts/${name}.ts`)
  /** The one function without a gateway before it verifies tokens itself, and asks the API who signs them. */
  const more: Record<string, string[]> = { 'pipelines/pipelinestream': ['contracts/access.ts'] }
  it.each(serverFunctions.filter((f) => f.routes.length > 0))('$area/$name', async ({ area, name, entry }) => {
    const { metafile } = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
    })
    const loaded = contracts.filter((file) => file in metafile.inputs)
    expect(loaded.sort()).toEqual([`contracts/${area}.ts`, ...(more[`${area}/${name}`] ?? [])].sort())
  })
})
