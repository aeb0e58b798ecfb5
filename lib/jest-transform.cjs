/** TypeScript to CommonJS for Jest, one file at a time. */
const { transformSync } = require('esbuild')
exports.process = (source, file) =>
  transformSync(source.replaceAll('import.meta.main', 'false'), {
    loader: 'ts',
    format: 'cjs',
    target: 'node24',
    sourcefile: file,
    sourcemap: 'inline',
  })
