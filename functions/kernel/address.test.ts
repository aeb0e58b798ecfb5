import { expect, it } from 'vitest'
import { addressOf as requested } from '../../local/asked.ts'
import { addressOf, networkOf } from './address.ts'

const from = (forwarded: string | undefined) =>
  addressOf({
    headers: { 'x-forwarded-for': forwarded },
    requestContext: { http: { sourceIp: '192.0.2.1' } },
  } as never)

it('is the viewer’s as the distribution saw it, whatever the viewer sent', () => {
  expect(from('10.0.0.1, 198.51.100.7, 192.0.2.1')).toBe('198.51.100.7')
  expect(from('198.51.100.7,192.0.2.1')).toBe('198.51.100.7')
})
it('is the host’s where nothing stands in between', () => {
  expect([from(undefined), from('192.0.2.1')]).toEqual(['192.0.2.1', '192.0.2.1'])
})
it('is the one rule, for events and for requests of the host', () => {
  for (const forwarded of ['198.51.100.7', '10.0.0.1, 198.51.100.7, 192.0.2.1', '203.0.113.9 , 192.0.2.1'])
    expect(requested({ headers: { 'x-forwarded-for': forwarded } } as never)).toBe(from(forwarded))
})
it('counts by the network that one customer has', () => {
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2')
  expect(networkOf('198.51.100.7')).toBe('198.51.100.7')
})
it('counts one network as one, however its addresses are written', () => {
  const same: string[][] = [
    ['2001:db8::1', '2001:db8::2', '2001:db8:0:0:a:b:c:d', '2001:0DB8:0000::9'],
    ['2001:db8:5::b:c:d', '2001:db8:5:0:1:2:3:4', '2001:DB8:5:0:1:2:3:5'],
    ['::1', '::2'],
    ['fe80::1%eth0', 'fe80::2'],
  ]
  for (const addresses of same) expect(new Set(addresses.map(networkOf)).size, addresses.join(' ')).toBe(1)
  expect(new Set(same.map(([address]) => networkOf(address!))).size).toBe(same.length)
})
