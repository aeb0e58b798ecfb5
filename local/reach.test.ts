import { expect, test } from 'vitest'
import { loopbackReach, reachFrom, type ReachSettings } from './reach.ts'

const names = {
  CLOISTER_MAIN_ORIGIN: 'https://cloister.uni.example',
  CLOISTER_STUDY_ORIGIN: 'https://studies.uni.example',
}
const certificate = { CLOISTER_CERTIFICATE: '/etc/cloister/chain.pem', CLOISTER_KEY: '/etc/cloister/key.pem' }
const listen = { CLOISTER_LISTEN: '0.0.0.0:443' }
const proxy = { CLOISTER_TRUSTED_PROXY: '127.0.0.1' }

test('a laptop without settings stays on loopback, under the origins it always had', () => {
  expect(reachFrom({}, 4280)).toEqual(loopbackReach(4280))
  expect(reachFrom({ CLOISTER_MAIN_ORIGIN: '', CLOISTER_LISTEN: '' }, 4290)).toMatchObject({
    mainOrigin: 'http://127.0.0.1:4290',
    studyOrigin: 'http://localhost:4290',
    former: [],
  })
})

test('public names, with a certificate or behind a proxy', () => {
  expect(reachFrom({ ...names, ...certificate, ...listen }, 4280)).toMatchObject({
    mainOrigin: 'https://cloister.uni.example',
    studyOrigin: 'https://studies.uni.example',
    listen: { address: '0.0.0.0', port: 443 },
    certificate: { certificate: '/etc/cloister/chain.pem', key: '/etc/cloister/key.pem' },
  })
  const behind = reachFrom({ ...names, CLOISTER_TRUSTED_PROXY: '127.0.0.1, 10.3.0.0/24 fd00::/8' }, 4280)
  expect(behind.listen).toBeUndefined()
  expect(['127.0.0.1', '127.0.0.2', '10.3.0.9', '10.3.1.9'].map((address) => behind.proxies.check(address))).toEqual([
    true,
    false,
    true,
    false,
  ])
  expect(behind.proxies.check('fd00::7', 'ipv6')).toBe(true)
  expect(reachFrom({ ...names, ...proxy, CLOISTER_LISTEN: '[::]:8080' }, 4280).listen).toEqual({
    address: '::',
    port: 8080,
  })
  expect(
    reachFrom({ ...names, ...proxy, CLOISTER_FORMER_ORIGINS: 'http://127.0.0.1:4280,http://localhost:4280' }, 4280)
      .former,
  ).toEqual([{ mainOrigin: 'http://127.0.0.1:4280', studyOrigin: 'http://localhost:4280' }])
})

test('a name that only one of the two had before', () => {
  const { former } = reachFrom(
    { ...names, ...proxy, CLOISTER_FORMER_ORIGINS: 'https://cloister.uni.example https://old.uni.example' },
    4280,
  )
  expect(former).toEqual([{ mainOrigin: 'https://cloister.uni.example', studyOrigin: 'https://old.uni.example' }])
})

test.each<[string, ReachSettings, RegExp]>([
  ['one name of two', { CLOISTER_MAIN_ORIGIN: 'https://a.example' }, /STUDY_ORIGIN is not/],
  ['the same name', { ...names, CLOISTER_STUDY_ORIGIN: 'https://cloister.uni.example' }, /names of their own/],
  [
    'another port alone',
    { ...names, CLOISTER_STUDY_ORIGIN: 'https://cloister.uni.example:8443' },
    /names of their own/,
  ],
  ['another case alone', { ...names, CLOISTER_STUDY_ORIGIN: 'https://CLOISTER.uni.example' }, /names of their own/],
  ['studies above', { ...names, CLOISTER_STUDY_ORIGIN: 'https://uni.example' }, /below the other/],
  ['studies below', { ...names, CLOISTER_STUDY_ORIGIN: 'https://s.cloister.uni.example' }, /below the other/],
  ['http elsewhere', { ...names, CLOISTER_MAIN_ORIGIN: 'http://cloister.uni.example' }, /without https/],
  ['http on one of two', { ...names, CLOISTER_STUDY_ORIGIN: 'http://localhost:80' }, /both be https/],
  ['a path', { ...names, CLOISTER_MAIN_ORIGIN: 'https://uni.example/cloister' }, /without a path/],
  ['no address', { ...names, CLOISTER_MAIN_ORIGIN: 'cloister.uni.example' }, /must be an origin/],
  ['a name with a password', { ...names, CLOISTER_MAIN_ORIGIN: 'https://a:b@uni.example' }, /must be an origin/],
  ['nobody who answers', names, /Nobody would answer/],
  ['a certificate and no address', { ...names, ...certificate }, /nothing listens with it/],
  ['half a certificate', { ...names, ...listen, CLOISTER_KEY: 'key.pem' }, /belong together/],
  ['an address without TLS', { ...names, ...listen }, /would answer without https/],
  ['an address without names', { ...listen, ...certificate }, /need names/],
  ['a name for an address', { ...names, ...certificate, CLOISTER_LISTEN: 'uni.example:443' }, /address and a port/],
  ['no port', { ...names, ...certificate, CLOISTER_LISTEN: '0.0.0.0' }, /address and a port/],
  ['its own port', { ...names, ...certificate, CLOISTER_LISTEN: '0.0.0.0:4280' }, /listens for itself/],
  ['a proxy by name', { ...names, CLOISTER_TRUSTED_PROXY: 'proxy.uni.example' }, /addresses or networks/],
  ['a network too wide', { ...names, CLOISTER_TRUSTED_PROXY: '10.0.0.0/0' }, /addresses or networks/],
  ['half a pair', { ...names, ...proxy, CLOISTER_FORMER_ORIGINS: 'https://old.example' }, /pairs/],
  [
    'a former name that is a present one',
    { ...names, ...proxy, CLOISTER_FORMER_ORIGINS: 'https://studies.uni.example,https://old.example' },
    /among the main origins and the study origins/,
  ],
  [
    'former names too near',
    { ...names, ...proxy, CLOISTER_FORMER_ORIGINS: 'https://old.example,https://s.old.example' },
    /below the other/,
  ],
])('refused with a sentence: %s', (_, settings, sentence) => {
  expect(() => reachFrom(settings, 4280)).toThrow(sentence)
})
