import { applicationFallback, movedCredential, nothingHere, studyClient } from './edge-functions.ts'

const run = (code: string, uri: string): { uri?: string; statusCode?: number } =>
  new Function(`${code}; return handler`)()({ request: { uri } })

test.each([
  ['/', '/index.html'],
  ['/studies/std_x', '/index.html'],
  ['/p/abc', '/index.html'],
  ['/assets/main-1.js', '/assets/main-1.js'],
  ['/v1.2/page', '/index.html'],
])('the application answers %s with %s', (uri, served) => {
  expect(run(applicationFallback, uri).uri).toBe(served)
})
test('cloister.js anywhere is the platform’s', () =>
  expect(run(studyClient, '/s/hash/a/b/cloister.js').uri).toBe('/cloister.js'))
test('nothing else is there', () => expect(run(nothingHere, '/').statusCode).toBe(404))
test('the caller’s credential moves out of the way of CloudFront’s signature, and nobody brings one in its place', () => {
  const moved = (headers: object): unknown =>
    new Function(`${movedCredential}; return handler`)()({ request: { headers } }).headers
  expect(
    moved({ authorization: { value: 'Bearer a' }, 'x-cloister-authorization': { value: 'Bearer b' } }),
  ).toMatchObject({ 'x-cloister-authorization': { value: 'Bearer a' } })
  expect(moved({ 'x-cloister-authorization': { value: 'Bearer b' } })).toEqual({})
})
