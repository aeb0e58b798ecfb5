/**
 * Whether the schema of a pipeline's parameters makes sense, when it is published: bounds that leave something,
 * defaults and choices that fit, patterns that cannot take long.
 */
import {
  type Fault,
  faultsBelow,
  type ListParameter,
  type NumberParameter,
  type NumberRange,
  type Parameter,
  type ParameterSchema,
  type TextParameter,
  valueFaults,
} from './parameters.ts'
import { patternFault } from './pattern.ts'

/** Each is tried when a run starts. */
const mostPatterns = 20

function boundsFault({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: NumberRange): Fault[] {
  const low = Math.max(minimum ?? -Infinity, exclusiveMinimum ?? -Infinity)
  const high = Math.min(maximum ?? Infinity, exclusiveMaximum ?? Infinity)
  const isOpen = low === exclusiveMinimum || high === exclusiveMaximum
  if (low < high || (low === high && !isOpen)) return []
  return [
    {
      path: maximum === undefined ? '/exclusiveMaximum' : '/maximum',
      message: 'Nothing lies between the bounds',
      value: high,
      expected: `more than ${low}`,
    },
  ]
}

function rangeFaults(range: NumberRange): Fault[] {
  const step: Fault[] =
    range.multipleOf !== undefined && !(range.multipleOf > 0)
      ? [{ path: '/multipleOf', message: 'Not above 0', value: range.multipleOf }]
      : []
  return [...step, ...boundsFault(range)]
}

function listFaults({ items, minItems, maxItems }: ListParameter): Fault[] {
  const lengths: Fault[] =
    minItems !== undefined && maxItems !== undefined && minItems > maxItems
      ? [{ path: '/maxItems', message: 'Below minItems', value: maxItems, expected: `at least ${minItems}` }]
      : []
  return [...faultsBelow('/items', rangeFaults(items)), ...lengths]
}

function lengthFaults({ minLength, maxLength }: TextParameter): Fault[] {
  if (minLength === undefined || maxLength === undefined || minLength <= maxLength) return []
  return [{ path: '/maxLength', message: 'Below minLength', value: maxLength }]
}

/** Each choice must itself be a value that the parameter takes. */
function choiceFaults(parameter: NumberParameter | TextParameter): Fault[] {
  if (!parameter.enum) return []
  const choices: unknown[] = parameter.enum
  const repeated: Fault[] =
    new Set(choices).size < choices.length ? [{ path: '/enum', message: 'A choice stands there twice' }] : []
  const free: Parameter = { ...parameter, enum: undefined }
  return [...repeated, ...choices.flatMap((choice, i) => faultsBelow(`/enum/${i}`, valueFaults(choice, free)))]
}

/** What is wrong with what only this type of parameter may say. */
function typeFaults(parameter: Parameter): Fault[] {
  switch (parameter.type) {
    case 'number':
    case 'integer':
      return [...rangeFaults(parameter), ...choiceFaults(parameter)]
    case 'array':
      return listFaults(parameter)
    case 'string':
      return [...lengthFaults(parameter), ...choiceFaults(parameter)]
    case 'boolean':
      return []
  }
}

function oneParameterFaults(parameter: Parameter, groups: ReadonlySet<string>): Fault[] {
  const pattern = parameter.type === 'string' ? parameter.pattern : undefined
  const wrongPattern = pattern === undefined ? undefined : patternFault(pattern)
  if (pattern !== undefined && 'enum' in parameter && parameter.enum !== undefined)
    return [{ path: '/pattern', message: 'A parameter has choices or a pattern, not both' }]
  // Nothing can be tried against a pattern that is not taken.
  if (wrongPattern !== undefined) return [{ path: '/pattern', message: wrongPattern, value: pattern!.slice(0, 100) }]
  const faults = typeFaults(parameter)
  if (parameter.default !== undefined)
    faults.push(...faultsBelow('/default', valueFaults(parameter.default, parameter)))
  if (parameter.group !== undefined && !groups.has(parameter.group))
    faults.push({
      path: '/group',
      message: 'No such group',
      value: parameter.group,
      expected: [...groups].join(', ') || 'a group of `groups`',
    })
  if (parameter.propose !== undefined && parameter.type !== 'integer' && parameter.type !== 'number')
    faults.push({ path: '/propose', message: 'Only a number can be proposed', value: parameter.propose })
  return faults
}

/**
 * What is wrong with the schema itself: bounds that leave nothing, defaults and choices that do not fit, groups and
 * required names that are not there. Paths are JSON pointers into the schema. Empty when it may be published.
 */
export function schemaFaults(schema: ParameterSchema): Fault[] {
  const groups = schema.groups?.map((group) => group.name) ?? []
  const known = new Set(groups)
  const patterns = Object.values(schema.properties).filter((one) => one.type === 'string' && one.pattern !== undefined)
  if (patterns.length > mostPatterns)
    return [{ path: '/properties', message: `More than ${mostPatterns} parameters with a pattern` }]
  return [
    ...Object.entries(schema.properties).flatMap(([name, parameter]) =>
      faultsBelow(`/properties/${name}`, oneParameterFaults(parameter, known)),
    ),
    ...(schema.required ?? []).flatMap((name, index) =>
      Object.hasOwn(schema.properties, name)
        ? []
        : [{ path: `/required/${index}`, message: 'No such parameter', value: name }],
    ),
    ...groups.flatMap((name, i) =>
      groups.indexOf(name) < i ? [{ path: `/groups/${i}/name`, message: 'Used twice', value: name }] : [],
    ),
  ]
}
