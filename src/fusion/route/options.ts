import { FieldtrialError } from '../../core/errors.ts'
import { didYouMean } from '../../core/suggest.ts'

/** Whether a route sends a query to one member, or chooses among weights of all. */
export const ROUTE_TARGETS = ['member', 'weights'] as const
/** What predicts the worth of a choice. */
export const ROUTE_MODELS = ['ridge', 'stumps'] as const
/** What it looks at: the query's text and the members' scores, or the text alone, which spares searching the members not chosen. */
export const ROUTE_FEATURES = ['all', 'query'] as const

/** How a query is sent to a retriever. Plain data: it goes into fingerprints as it stands. */
export interface RouteOptions {
  readonly to: (typeof ROUTE_TARGETS)[number]
  readonly model: (typeof ROUTE_MODELS)[number]
  readonly features: (typeof ROUTE_FEATURES)[number]
}

/**
 * Fills in the defaults: to a member, by ridge regression, over all features.
 *
 * @throws FieldtrialError `USAGE` for values that do not exist, or that exclude each other.
 */
export function routeOptions(given: Partial<RouteOptions> = {}): RouteOptions {
  const options: RouteOptions = { to: 'member', model: 'ridge', features: 'all', ...given }
  known('to', options.to, ROUTE_TARGETS)
  known('model', options.model, ROUTE_MODELS)
  known('features', options.features, ROUTE_FEATURES)
  return options
}

function known(field: string, value: string, all: readonly string[]): void {
  if (all.includes(value)) return
  throw new FieldtrialError('USAGE', `\`${field}\` of a route cannot be ${value}.`, { hint: didYouMean(value, all) })
}
