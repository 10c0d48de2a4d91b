import { FieldtrialError } from '../../core/errors.ts'
import { didYouMean } from '../../core/suggest.ts'

/** Ways of making one embedding space out of several. */
export const SPACE_METHODS = ['concat', 'procrustes', 'cca'] as const
export type SpaceMethod = (typeof SPACE_METHODS)[number]

/** How concatenated vectors are made shorter. */
export const SPACE_CUTS = ['pca', 'truncate'] as const

/**
 * How several embedding spaces are made into one, fitted on the collection's documents only. Plain data: it goes into fingerprints.
 *
 * - `concat`: vectors one after the other, so that the inner product is the weighted sum of the members' similarities. With `dimensions`,
 *   cut to that size: by `pca` the documents' first principal components, by `truncate` the first numbers of each member (Matryoshka).
 * - `procrustes`: members are turned onto the largest one by orthogonal maps and averaged (Schönemann 1966; for more than two, generalised
 *   Procrustes analysis: Gower 1975). A turn changes no similarity within a member.
 * - `cca`: canonical correlation analysis (Hotelling 1936; for more than two, the MAXVAR generalisation: Kettenring 1971): the directions in
 *   which the members agree most, each scaled by how much they do, averaged over the members.
 */
export interface SpaceOptions {
  readonly method: SpaceMethod
  /** One per member, not negative, summing to 1. */
  readonly weights: readonly number[]
  /** Numbers per fused vector; null: as many as come out (for `cca` the smallest member's). */
  readonly dimensions: number | null
  readonly cut: (typeof SPACE_CUTS)[number]
  /** Of each member's covariance towards a multiple of the unit matrix, for `cca`: 0 to 1. */
  readonly shrinkage: number
  /** Documents that the space is fitted on at most; of a larger collection a sample. */
  readonly fitDocuments: number
}

const DEFAULT_SHRINKAGE = 0.01
/** Some seven for each dimension of two models of 7B: more hardly change what is fitted, and take as much longer. */
const DEFAULT_FIT_DOCUMENTS = 50_000

/**
 * Checks options and fills in the defaults: equal weights, `pca` for cuts, a shrinkage of 0.01, fitted on 50,000 documents at most.
 *
 * @throws FieldtrialError `USAGE` for what is not known, does not belong to the method, or does not fit the number of members.
 */
export function spaceOptions(
  given: Partial<SpaceOptions> & Pick<SpaceOptions, 'method'>,
  members: number,
): SpaceOptions {
  const { method, dimensions = null, cut, shrinkage, fitDocuments } = given
  if (!SPACE_METHODS.includes(method))
    throw usage(`There is no space fusion ${method as string}.`, didYouMean(method, SPACE_METHODS))
  if (members < 2) throw usage('A space fusion needs two members or more.', 'Name at least two dense retrievers.')
  if (cut !== undefined && (method !== 'concat' || dimensions === null))
    throw usage('`cut` says how `concat` is brought to `dimensions`.', 'Leave it out, or give both.')
  if (cut !== undefined && !SPACE_CUTS.includes(cut))
    throw usage(`\`cut\` cannot be ${cut as string}.`, didYouMean(cut, SPACE_CUTS))
  if (shrinkage !== undefined && (method !== 'cca' || !(shrinkage >= 0 && shrinkage <= 1)))
    throw usage('`shrinkage` is a number from 0 to 1, for `cca`.', 'Leave it out, or correct it.')
  if (dimensions !== null && !(Number.isSafeInteger(dimensions) && dimensions > 0))
    throw usage(`A fused space cannot have ${dimensions} dimensions.`, 'Give a whole number from 1 on.')
  if (fitDocuments !== undefined && !(Number.isSafeInteger(fitDocuments) && fitDocuments > 1))
    throw usage(`A space cannot be fitted on ${fitDocuments} documents.`, 'Give a whole number from 2 on.')
  return {
    method,
    weights: checkedWeights(given.weights, members),
    dimensions,
    cut: cut ?? 'pca',
    shrinkage: shrinkage ?? DEFAULT_SHRINKAGE,
    fitDocuments: fitDocuments ?? DEFAULT_FIT_DOCUMENTS,
  }
}

function checkedWeights(given: readonly number[] | undefined, members: number): number[] {
  if (given === undefined) return new Array<number>(members).fill(1 / members)
  if (given.length !== members)
    throw usage(`The fusion has ${given.length} weights for ${members} members.`, 'Give one weight per member.')
  const sum = given.reduce((total, weight) => total + weight, 0)
  if (!given.every((weight) => weight >= 0) || !(sum > 0) || !Number.isFinite(sum))
    throw usage('The weights of a space fusion are numbers from 0 on, not all 0.', 'They share out the similarity.')
  return given.map((weight) => weight / sum)
}

/**
 * Checks what only the members' sizes tell.
 *
 * @returns Numbers per fused vector.
 * @throws FieldtrialError `STUDY_INVALID` for more dimensions than there can be, or more than can be taken apart.
 */
export function fusedDimension(options: SpaceOptions, sizes: readonly number[]): number {
  const { method, dimensions } = options
  const all = sizes.reduce((sum, size) => sum + size, 0)
  const most = method === 'concat' ? all : method === 'procrustes' ? Math.max(...sizes) : Math.min(...sizes)
  const wanted = dimensions ?? most
  if (wanted > most) throw tooMany(`${wanted} dimensions are more than ${method} of ${sizes.join(' + ')} has: ${most}.`)
  if (method === 'concat' && options.cut === 'truncate' && wanted < sizes.length)
    throw tooMany(`${wanted} dimensions cannot hold a number of each of ${sizes.length} members.`)
  const fewOf = method === 'procrustes' ? Math.max(...sizes) : all
  // Of two, the smaller one alone decides; of more, all together.
  const apart = sizes.length === 2 ? Math.min(...sizes) : all
  if (method === 'cca' && apart > MOST_DECOMPOSED)
    throw tooMany(
      `cca of ${sizes.join(' + ')} takes a matrix of ${apart} × ${apart} apart; ${MOST_DECOMPOSED} is the most.`,
    )
  if (method !== 'cca' && wanted < most && options.cut === 'pca' && fewOf > MOST_DECOMPOSED && wanted > fewOf / 16)
    throw tooMany(
      `The first ${wanted} principal components of ${fewOf} dimensions are too many; ${Math.floor(fewOf / 16)} is the most beyond ${MOST_DECOMPOSED}.`,
    )
  return wanted
}

/** Largest matrix whose eigenvectors are all found: ten minutes or so on one core. */
const MOST_DECOMPOSED = 4096

function tooMany(message: string): FieldtrialError {
  return new FieldtrialError('STUDY_INVALID', message, {
    hint: 'Give fewer `dimensions`, or make the members smaller first (`postprocess: [{ pca: N }]` or `[{ truncate: N }]`).',
  })
}

function usage(message: string, hint: string): FieldtrialError {
  return new FieldtrialError('USAGE', message, { hint })
}
