/** CloudFront Functions (cloudfront-js-2.0): pure rewrites of a path, each a few lines. */

/**
 * Pages of an application: a path whose last part has no dot is the application’s own affair. Done here, not by error
 * pages, which would mask the API’s 404.
 */
export const applicationFallback = `function handler(event) {
  var request = event.request
  var last = request.uri.substring(request.uri.lastIndexOf('/') + 1)
  if (last.indexOf('.') === -1) request.uri = '/index.html'
  return request
}`

/**
 * CloudFront signs requests to functions in the header `Authorization`: the caller's own goes to the function in
 * another one, which nobody outside can set.
 */
export const movedCredential = `function handler(event) {
  var headers = event.request.headers
  delete headers['x-cloister-authorization']
  if (headers.authorization) headers['x-cloister-authorization'] = { value: headers.authorization.value }
  return event.request
}`

/** Any \`…/cloister.js\` below /s/ is the platform’s study client, whatever the study uploaded. */
export const studyClient = `function handler(event) {
  event.request.uri = '/cloister.js'
  return event.request
}`

/** The study origin serves nothing else. */
export const nothingHere = `function handler() {
  return { statusCode: 404, statusDescription: 'Not Found', headers: { 'content-type': { value: 'text/plain; charset=utf-8' } }, body: 'There is nothing here.' }
}`
