/** Every example can be published as it stands. */
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { PipelineDefinition } from '../contracts/pipelines.definition.ts'
import { definitionFaults, type PipelineDefinition as Definition } from '../domain/pipelines/definition.ts'
import { validateConfiguration } from '../domain/studies/configuration-validation.ts'
import { outline } from '../domain/studies/outline.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const folders = (await readdir(here, { withFileTypes: true })).filter((e) => e.isDirectory()).map((e) => e.name)

it('there are three', () => expect(folders).toEqual(expect.arrayContaining(['flanker', 'survey-images', 'web-study'])))
it.each(['flanker', 'survey-images', 'web-study'])('%s is valid and all its files are used', async (name) => {
  const study = JSON.parse(await readFile(`${here}${name}/study.json`, 'utf8')) as { title: string; description: string; configuration: unknown }
  const assets = (await readdir(`${here}${name}`, { recursive: true, withFileTypes: true })).filter((e) => e.isFile()).map((e) => `${e.parentPath}/${e.name}`.slice(`${here}${name}/`.length)).filter((p) => p !== 'study.json')
  expect(validateConfiguration(study.configuration, assets)).toEqual({ ok: true, configuration: study.configuration })
  for (const asset of assets.filter((a) => a.startsWith('images/'))) {
    const without = validateConfiguration(study.configuration, assets.filter((a) => a !== asset))
    expect(without.ok, asset).toBe(false)
  }
})
it('the flanker has 100 recorded trials and a fixation before each', async () => {
  const { configuration } = JSON.parse(await readFile(`${here}flanker/study.json`, 'utf8')) as { configuration: never }
  expect(outline(configuration).trials).toBe(1 + 2 * 100)
})
it.each(['calcium-imaging', 'trial-measures'])('the pipeline %s can be published, its program is there and every parameter has a value', async (name) => {
  const top = `${here}pipelines/${name}/`
  const definition = PipelineDefinition.parse(JSON.parse(await readFile(`${top}pipeline.json`, 'utf8'))) as Definition
  const files = (await readdir(top, { recursive: true, withFileTypes: true })).filter((e) => e.isFile()).map((e) => `${e.parentPath}/${e.name}`.replace('//', '/').slice(top.length))
  expect(definitionFaults(definition, files)).toEqual([])
  expect(files).toContain(definition.command[1])
  expect(Object.entries(definition.parameters.properties).filter(([n, p]) => p.default === undefined && !definition.parameters.required?.includes(n))).toEqual([])
})
