import { describe, expect, it } from 'vitest'
import { validateConfiguration } from './configuration-validation.ts'
import { nearest } from './configuration-errors.ts'
import { mediaOf } from './media.ts'
import { outline } from './outline.ts'
import { plugins, refusedPlugins, usablePlugins } from './plugins.ts'

const html = '@jspsych/plugin-html-keyboard-response'
const image = '@jspsych/plugin-image-keyboard-response'
const timeline = (...nodes: unknown[]) => ({ kind: 'timeline', timeline: nodes })
const errors = (value: unknown, assets: string[] = []) => {
  const validation = validateConfiguration(value, assets)
  return validation.ok ? [] : validation.errors
}
const paths = (value: unknown, assets: string[] = []) => errors(value, assets).map((e) => e.path)

describe('a configuration', () => {
  it('is refused with the field, the value and what is allowed', () => {
    expect(errors(timeline({ type: '@jspsych/plugin-html-keybord-response', stimulus: 'x' }))).toMatchObject([
      {
        path: '/configuration/timeline/0/type',
        value: '@jspsych/plugin-html-keybord-response',
        message: expect.stringContaining('did you mean @jspsych/plugin-html-keyboard-response?'),
        expected: expect.stringContaining('@jspsych/plugin-survey-text'),
      },
    ])
    expect(
      errors(timeline({ type: html, stimulus: 'x' }, { type: html, stimulus: 'x', trial_durration: 5 })),
    ).toMatchObject([
      {
        path: '/configuration/timeline/1/trial_durration',
        value: 5,
        message: expect.stringContaining('did you mean trial_duration?'),
      },
    ])
    expect(errors(timeline({ type: html, stimulus: 'x', trial_duration: 'long' }))).toMatchObject([
      { path: '/configuration/timeline/0/trial_duration', value: 'long', expected: 'a number' },
    ])
    expect(errors(timeline({ type: html }))).toMatchObject([
      { path: '/configuration/timeline/0', message: 'html-keyboard-response needs stimulus' },
    ])
    expect(paths(timeline({ type: 'html-keyboard-response', stimulus: 'x' }))).toEqual([
      '/configuration/timeline/0/type',
    ])
  })
  it('takes no code, and says what to declare instead', () => {
    const found = errors(
      timeline(
        { type: html, stimulus: 'x', on_finish: 'f' },
        { timeline: [{ type: html, stimulus: 'x' }], loop_function: 'f', conditional_function: 'f' },
        { type: '@jspsych/plugin-html-button-response', stimulus: 'x', choices: ['a'], button_html: '<b>' },
      ),
    )
    expect(found.map((e) => [e.path, e.expected])).toEqual([
      ['/configuration/timeline/0/on_finish', expect.stringContaining('score')],
      ['/configuration/timeline/1/loop_function', expect.stringContaining('loop')],
      ['/configuration/timeline/1/conditional_function', expect.stringContaining('conditional')],
      ['/configuration/timeline/2/button_html', expect.any(String)],
    ])
    expect(errors(timeline({ type: '@jspsych/plugin-call-function' }))[0]?.message).toContain('function')
    expect(
      errors({ ...timeline({ type: html, stimulus: 'x' }), requirements: { needs: ['camera'] } })[0]?.message,
    ).toContain('camera')
  })
  it('follows timeline variables to their rows', () => {
    const variables = {
      timeline: [{ type: html, stimulus: { timeline_variable: 'word' }, trial_duration: { timeline_variable: 'ms' } }],
      timeline_variables: [{ word: 'a', ms: 5 }, { word: 'b', ms: 'soon' }, { word: 'c' }],
    }
    expect(paths(timeline(variables))).toEqual([
      '/configuration/timeline/0/timeline_variables/1/ms',
      '/configuration/timeline/0/timeline_variables/2/ms',
    ])
    expect(
      errors(
        timeline({
          timeline: [{ type: html, stimulus: { timeline_variable: 'wort' } }],
          timeline_variables: [{ word: 'a' }],
        }),
      )[0]?.message,
    ).toContain('did you mean word?')
    expect(
      paths(
        timeline({
          timeline: [{ type: html, stimulus: { timeline_variable: 'a' } }],
          timeline_variables: [{ a: { timeline_variable: 'a' } }],
        }),
      ),
    ).toContain('/configuration/timeline/0/timeline_variables/0/a')
  })
  it('needs every file that it names, and none from elsewhere', () => {
    const rows = timeline({
      timeline: [{ type: image, stimulus: { template: 'faces/{{id}}.png' } }],
      timeline_variables: [{ id: 1 }, { id: 2 }],
    })
    expect(paths(rows, ['faces/1.png'])).toEqual(['/configuration/timeline/0/timeline/0/stimulus'])
    expect(paths(rows, ['faces/1.png', 'faces/2.png'])).toEqual([])
    expect(errors(timeline({ type: html, stimulus: '<p><img alt="x" src=\'a.png\'>' }), ['b/a.png'])[0]?.path).toBe(
      '/configuration/timeline/0/stimulus',
    )
    for (const elsewhere of ['https://example.org/a.png', '//example.org/a.png', '/a.png', 'javascript:1'])
      expect(errors(timeline({ type: image, stimulus: elsewhere }), ['a.png'])[0]?.message).toContain(
        'nothing from elsewhere',
      )
    expect(paths(timeline({ type: '@jspsych/plugin-preload', images: ['x.png'] }))).toEqual([
      '/configuration/timeline/0/images/0',
    ])
    expect(mediaOf(rows as never)).toEqual({ images: ['faces/1.png', 'faces/2.png'], audio: [], video: [], other: [] })
  })
  it('hands parameters of a timeline down, and refuses those that nobody takes', () => {
    expect(
      paths(timeline({ type: html, choices: ['f', 'j'], timeline: [{ stimulus: 'a' }, { stimulus: 'b' }] })),
    ).toEqual([])
    expect(paths(timeline({ type: html, choises: ['f'], timeline: [{ stimulus: 'a' }] }))).toEqual([
      '/configuration/timeline/0/choises',
    ])
  })
  it('checks conditions, their variables and variants', () => {
    const conditions = [{ name: 'a', ms: 1 }, { name: 'b' }]
    expect(
      paths({ ...timeline({ type: html, stimulus: 'x', trial_duration: { condition_variable: 'ms' } }), conditions }),
    ).toEqual(['/configuration/conditions/1/ms'])
    expect(
      paths({ ...timeline({ type: html, stimulus: 'x', per_condition: { a: { stimulus: 5 }, c: null } }), conditions }),
    ).toEqual(['/configuration/timeline/0/per_condition/a/stimulus', '/configuration/timeline/0/per_condition/c'])
    expect(
      paths({
        ...timeline({ type: html, stimulus: { condition_variable: 'a' } }),
        conditions: [{ name: 'x', a: { condition_variable: 'a' } }],
      }),
    ).toContain('/configuration/conditions/0/a')
    expect(
      paths({ ...timeline({ type: html, per_condition: { a: { stimulus: 'x' }, b: { stimulus: 'y' } } }), conditions }),
    ).toEqual([])
    expect(paths({ ...timeline({ type: html, stimulus: 'x' }), conditions: [{ name: 'a' }, { name: 'a' }] })).toEqual([
      '/configuration/conditions/1/name',
    ])
  })
  it('checks samples, loops, comparisons and counterbalancing', () => {
    const configured = (over: object) =>
      timeline({ timeline: [{ type: html, stimulus: 'x' }], timeline_variables: [{ a: 1 }, { a: 2 }], ...over })
    expect(paths(configured({ sample: { type: 'without-replacement', size: 3 } }))).toEqual([
      '/configuration/timeline/0/sample/size',
    ])
    expect(paths(configured({ sample: { type: 'with-replacement', size: 3, weights: [1] } }))).toEqual([
      '/configuration/timeline/0/sample/weights',
    ])
    expect(paths(configured({ sample: { type: 'alternate-groups', groups: [[0], [2]] } }))).toEqual([
      '/configuration/timeline/0/sample/groups/1/0',
    ])
    expect(paths(configured({ loop: { while: { data: 'correct', take: 'mean', is: 'less', value: 0.8 } } }))).toEqual([
      '/configuration/timeline/0/loop/max',
    ])
    expect(paths(configured({ conditional: { data: 'correct', is: 'lesss', value: 1 } }))).toEqual([
      '/configuration/timeline/0/conditional/is',
    ])
    expect(
      paths(configured({ conditional: { any: [{ variable: 'a', is: 'more', value: '1' }, { variable: 'z' }] } })),
    ).toEqual([
      '/configuration/timeline/0/conditional/any/0/value',
      '/configuration/timeline/0/conditional/any/1/variable',
    ])
    expect(
      paths({
        ...timeline({ name: 'x', type: html, stimulus: '' }, { name: 'y', type: html, stimulus: '' }),
        counterbalance: { tasks: ['x', 'z'], order: 'latin' },
      }),
    ).toEqual(['/configuration/counterbalance/tasks/1'])
    expect(paths(configured({ repetitions: 10_000, sample: { type: 'fixed-repetitions', size: 1000 } }))).toEqual([
      '/configuration/timeline',
    ])
  })
  it('may be a plain web study', () => {
    expect(paths({ kind: 'web', entry: 'index.html' }, ['index.html'])).toEqual([])
    expect(paths({ kind: 'web', entry: 'main.html' }, ['index.html'])).toEqual(['/configuration/entry'])
    expect(paths({ kind: 'web', entry: 'index.html', timeline: [] }, ['index.html'])).toEqual([
      '/configuration/timeline',
    ])
  })
  it('is refused, not fallen over, when it is nonsense', () => {
    let deep: unknown = 1
    for (let i = 0; i < 20_000; i++) deep = [deep]
    for (const nonsense of [
      undefined,
      null,
      1,
      'x',
      [],
      {},
      { kind: 'x' },
      { kind: 'timeline' },
      timeline(),
      timeline(null),
      timeline([]),
      timeline({ timeline: {} }),
      timeline({ type: html, stimulus: deep }),
      {
        kind: 'timeline',
        timeline: [{ type: 'constructor', stimulus: 1 }],
        conditions: 5,
        counterbalance: [],
        requirements: 'x',
        language: 'no such',
      },
    ]) {
      expect(errors(nonsense).length).toBeGreaterThan(0)
    }
    expect(errors(timeline(...Array.from({ length: 500 }, () => ({ type: html })))).length).toBe(100)
  })
})

describe('the catalogue', () => {
  it('accepts each parameter’s own default', () => {
    for (const type of usablePlugins) {
      const node: Record<string, unknown> = { type }
      for (const [name, parameter] of Object.entries(plugins[type]?.parameters ?? {}))
        if (parameter.default !== undefined) node[name] = parameter.default
      expect(
        paths(timeline(node)).filter((p) => p !== '/configuration/timeline/0'),
        type,
      ).toEqual([])
    }
  })
  it('knows every plugin that it refuses', () =>
    expect(Object.keys(refusedPlugins).filter((n) => !(n in plugins))).toEqual([]))
})

describe('an outline', () => {
  it('counts trials as the timeline multiplies them', () => {
    const configuration = timeline(
      { type: html, stimulus: '' },
      {
        name: 'p',
        repetitions: 2,
        timeline: [{ type: html, stimulus: '' }],
        timeline_variables: [{ a: 1 }, { a: 2 }],
        loop: { while: { data: 'rt' }, max: 3 },
      },
    )
    expect(outline(configuration as never)).toEqual({
      trials: 5,
      most: 13,
      parts: [
        { name: 'Part 1', trials: 1, optional: false },
        { name: 'p', trials: 4, optional: false },
      ],
    })
  })
})

it('the nearest name is close or none', () => {
  expect(nearest('choises', ['choices', 'stimulus'])).toBe('choices')
  expect(nearest('zzz', ['choices', 'stimulus'])).toBeUndefined()
})
