/** Stands between a domain's name and the id that an item has there. Names of collections hold none. */
const SEPARATOR = ':'

/** An item's id in the unified collection. */
export function unifiedId(domain: string, id: string): string {
  return `${domain}${SEPARATOR}${id}`
}

/** The domain that an id of a unified collection belongs to. */
export function domainOf(id: string): string {
  return id.slice(0, Math.max(0, id.indexOf(SEPARATOR)))
}
