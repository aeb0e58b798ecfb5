import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { usablePlugins } from '../../domain/studies/plugin-info.ts'
import { cataloguePath, catalogueSource } from './catalogue.ts'
import { loaders } from './player/plugins.ts'

it('the catalogue is that of the installed plugins', async () => expect(await readFile(cataloguePath, 'utf8')).toBe(await catalogueSource()))
it('the player has every plugin that a timeline may use, and no other', () => expect(Object.keys(loaders).sort()).toEqual([...usablePlugins]))
