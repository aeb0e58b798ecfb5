import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fillRedirect, linkKinds, linkState, type LinkFacts, redirectHost, refusal } from './links.ts'
import { mayMove, studyLife, studyStates } from './life.ts'

const now = new Date('2026-03-01T12:00:00.000Z')
const link = (over: Partial<LinkFacts> = {}): LinkFacts => ({
  kind: 'general',
  expires: '2026-03-04T12:00:00.000Z',
  started: 0,
  revoked: false,
  ...over,
})

describe('a link', () => {
  it('expires at its instant, not after it', () => {
    expect(linkState(link({ expires: '2026-03-01T12:00:00.001Z' }), now)).toBe('open')
    expect(linkState(link({ expires: now.toISOString() }), now)).toBe('expired')
  })
  it('is used by one run when it is single', () => {
    expect(linkState(link({ kind: 'single', usedBy: 'run_a' }), now)).toBe('used')
    expect(linkState(link({ kind: 'personal', started: 9 }), now)).toBe('open')
  })
  it('is full at its quota', () => {
    expect(linkState(link({ quota: 2, started: 1 }), now)).toBe('open')
    expect(linkState(link({ quota: 2, started: 2 }), now)).toBe('full')
  })
  it('starts runs only while the study is live, except a preview', () => {
    for (const kind of linkKinds)
      for (const state of studyStates) {
        const refused = refusal(link({ kind }), state, now)
        const starts = kind === 'preview' || state === 'live'
        const why = state === 'closed' ? 'study-closed' : 'study-not-open'
        expect(refused).toBe(starts ? undefined : why)
      }
  })
  it('tells a revoked link from nothing worse than an expired one', () =>
    expect(refusal(link({ revoked: true }), 'live', now)).toBe('link-expired'))
})

describe('a redirect', () => {
  const hosts = ['app.prolific.com', 'localhost']
  it('goes to an allowed host over https only', () => {
    expect(redirectHost('https://app.prolific.com/submissions/complete?cc=ABC&pid={outsideId}', hosts)).toBe(
      'app.prolific.com',
    )
    expect(redirectHost('http://localhost:8080/done', hosts)).toBe('localhost')
    for (const bad of [
      'http://app.prolific.com/',
      'https://evil.example/',
      'https://app.prolific.com.evil.example/',
      'https://app.prolific.com@evil.example/',
      'https://evil.example\\@app.prolific.com/',
      'javascript:alert(1)',
      '//app.prolific.com/',
      'https://{outsideId}.prolific.com/',
      'https://app.prolific.com{outsideId}/',
      'https:///app.prolific.com',
      ' https://app.prolific.com/',
      'data:text/html,x',
      '',
    ])
      expect(redirectHost(bad, hosts), bad).toBeUndefined()
  })
  it('never leaves its host whatever is filled in', () =>
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: fc.constantFrom('a', '&', '\ud800', 'é') }),
        (outsideId, parameter) => {
          const url = new URL(
            fillRedirect('https://app.prolific.com/done?pid={outsideId}&x={parameter:SESSION}&r={runId}&s={state}', {
              runId: 'run_x',
              outsideId,
              state: 'completed',
              parameters: { SESSION: parameter },
            }),
          )
          expect(url.host).toBe('app.prolific.com')
          expect(url.searchParams.get('r')).toBe('run_x')
          expect([...url.searchParams.keys()]).toEqual(['pid', 'x', 'r', 's'])
          expect(url.searchParams.get('pid')).toBe(outsideId.toWellFormed())
        },
      ),
    ))
})

describe('a study', () => {
  it('cannot go live before something is published', () => {
    expect(mayMove('draft', 'live', 0)).toBe(false)
    expect(mayMove('draft', 'live', 1)).toBe(true)
  })
  it('collects in exactly one state and never returns to draft', () => {
    expect(studyStates.filter((s) => studyLife[s].collects)).toEqual(['live'])
    for (const state of studyStates) expect(mayMove(state, 'draft', 1)).toBe(false)
  })
})

describe('a redirect', () => {
  it.each(['constructor', '__proto__', 'toString'])('has nothing for a parameter %s that nobody gave', (name) => {
    const values = { runId: 'run_a', state: 'completed', parameters: {} }
    expect(fillRedirect(`https://a.example/?p={parameter:${name}}`, values)).toBe('https://a.example/?p=')
  })
})
