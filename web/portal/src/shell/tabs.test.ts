import { expect, it } from 'vitest'
import { withContributed } from './tabs.ts'

const part = () => null
const own = ['overview', 'links', 'people'].map((name) => ({ name, label: name, shown: true, part }))

it('puts a contributed tab behind the one it names, or at the end', () => {
  const results = { name: 'results', label: 'Results', after: 'links', shown: () => true, part }
  const history = { name: 'history', label: 'History', shown: () => false, part }
  const lost = { name: 'lost', label: 'Lost', after: 'nowhere', shown: () => true, part }
  const tabs = withContributed(own, [history, results, lost], () => true, {})
  expect(tabs.map(({ name, shown }) => [name, shown])).toEqual([
    ['overview', true],
    ['links', true],
    ['results', true],
    ['people', true],
    ['history', false],
    ['lost', true],
  ])
})
