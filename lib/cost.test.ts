import { readFileSync } from 'node:fs'
import { costPage } from './cost.ts'
import { idleLines } from './cost-idle.ts'
import { sum } from './cost-lines.ts'
import { synthesised } from './testing.ts'

const { resources } = synthesised()
const withScripts = synthesised({ scripts: 'true' }).resources

test('idle, without an organisation, is under 10 USD a month, firewall included', () => {
  expect(idleLines(resources).find((l) => l.what === 'Firewall rules')!.count).toBeGreaterThan(0)
  expect(sum(idleLines(resources))).toBeLessThan(10)
})
test('with scripts, being there costs three endpoints more and nothing else worth a cent', () =>
  expect(sum(idleLines(withScripts)) - sum(idleLines(resources))).toBeCloseTo(21.9, 1))
test('a resource of unknown price is not passed over', () => {
  expect(() =>
    idleLines([...resources, { id: 'Vpn', stack: 'web', Type: 'AWS::EC2::VPNGateway', Properties: {} }]),
  ).toThrow('AWS::EC2::VPNGateway')
})
test('docs/cost.md is what the templates cost', () =>
  expect(costPage(resources, withScripts)).toBe(readFileSync('docs/cost.md', 'utf8')))
