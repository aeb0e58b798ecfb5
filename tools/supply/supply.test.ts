import { Spec, Validation } from '@cyclonedx/cyclonedx-library'
import { expect, it } from 'vitest'
import { purposeless } from './dependencies.ts'
import { unlicensed } from './licences.ts'
import { lockedPackages } from './packages.ts'
import { sbom } from './sbom.ts'

const one = lockedPackages().find(({ name }) => name === 'zod')!

it('refuses a licence on no list, also one that is no SPDX expression, and names the package', () => {
  expect(unlicensed([one])).toEqual([])
  for (const licence of ['GPL-3.0-only', 'SEE LICENSE IN LICENCE.md', '', 'MIT AND GPL-3.0-only', 'MPL-2.0'])
    expect(unlicensed([{ ...one, licence }])).toEqual([expect.stringContaining(`zod ${one.version}`)])
  expect(unlicensed([{ ...one, licence: '(MIT OR GPL-3.0-or-later)' }])).toEqual([])
})

it('lets an exception stand for that licence of that package alone, and for its builds', () => {
  expect(unlicensed([{ ...one, name: 'axe-core', licence: 'MPL-2.0' }])).toEqual([])
  expect(unlicensed([{ ...one, name: 'axe-core', licence: 'GPL-3.0-only' }])).toHaveLength(1)
  expect(unlicensed([{ ...one, name: 'lightningcss-linux-x64-gnu', licence: 'MPL-2.0', ofPlatform: true }])).toEqual([])
  expect(unlicensed([{ ...one, name: 'lightningcss-evil', licence: 'MPL-2.0', ofPlatform: false }])).toHaveLength(1)
})

it('wants a purpose for each package that we chose, and no purpose for one that is gone', () => {
  expect(purposeless(lockedPackages())).toEqual([])
  expect(purposeless([...lockedPackages(), { name: 'left-pad', direct: true }])).toEqual([
    expect.stringContaining('left-pad'),
  ])
  expect(purposeless(lockedPackages().filter(({ name }) => name !== 'zod'))).toEqual([expect.stringContaining('zod')])
})

it('the bill of materials is CycloneDX by its own schema, names every package once, and is the same twice', async () => {
  const bill = sbom()
  expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(bill)).toBeNull()
  const { components } = JSON.parse(bill) as { components: { 'bom-ref': string; scope: string; hashes?: unknown[] }[] }
  const references = components.map((component) => component['bom-ref'])
  expect(new Set(references).size).toBe(references.length)
  expect(references).toEqual(expect.arrayContaining(['./node_modules/zod', 'image/python3-pandas']))
  expect(references.length).toBeGreaterThan(lockedPackages().length)
  expect(components.filter(({ scope, hashes }) => scope === 'required' && (hashes?.length ?? 0) === 0)).toEqual([])
  expect(sbom()).toBe(bill)
}, 30_000)
