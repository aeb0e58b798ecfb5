import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { usablePlugins } from '../../domain/studies/plugins.ts'
import { cataloguePath, catalogueSource, guideSource } from './catalogue.ts'
import { loaders } from './player/plugins.ts'

it('the catalogue is that of the installed plugins', async () =>
  expect(await readFile(cataloguePath, 'utf8')).toBe(await catalogueSource()))
it('the guide’s plugin table is that of the catalogue', async () =>
  expect(await readFile(new URL('../../docs/study-format.md', import.meta.url), 'utf8')).toBe(await guideSource()))
it('the player has every plugin that a timeline may use, and no other', () =>
  expect(Object.keys(loaders).sort()).toEqual([...usablePlugins]))
