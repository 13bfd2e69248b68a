/** Words that papers of every field share: true of any two of them, so no reason why they belong together. */
import { termsOf } from '../keywords/terms.js';

const PLAIN_WORDS = `
  able about above achieve achieves across additional additionally advance advances after against aim aims all allow
  allows along also although among analyze another any apply applied approach approaches around aspect aspects available
  based because been before being better between beyond both bring broad can cannot case cases certain challenge
  challenges challenging clear combine common compare compared comparison complete comprehensive conduct consider
  considerable contribute contribution could crucial current currently data deal demonstrate demonstrates depend despite
  detailed develop developed development different difficult directly discuss diverse do does due during each easily
  effect effective effectively either emerging empirical empirically enable enables enhance enhances enough ensure especially etc even every
  evidence example examine existing experiment experiments explore extend extensive fact far few find findings first
  five focus follow following four framework from full fully further furthermore general give given good great growing
  has have having he help hence her here high higher highlight his how however idea identify impact important improve
  improved improvement include including increase indicate individual insight insights instance instead introduce
  investigate issue issues its itself just keep key know known large largely last later latter lead leading less level
  light  leverage leverages like limit limitation limitations limited little low lower made main mainly make many may mean means
  method methods might more moreover most much must namely near nearly necessary need needs new next nor notably novel now
  number obtain offer often one ones only open other others our out over overall own paper part particular particularly
  perform performance performed performs play possible potential powerful practical present presents previous previously prior
  problem problems produce progress promising propose proposed proposes provide provides purpose question questions quite
  range rather reach real recent recently relate related relative relevant remain remains report require requires research
  respectively result results reveal role same second see several she shed sheds should show shown shows significant significantly
  similar simple simply since single six small so solution some specific specifically start state still strong studies
  study subsequent substantial success such suggest superior support task tasks technique techniques test tested than
  them themselves therefore third those three through throughout thus together too toward towards two type types typically
  under understand unlike until up upon us use used useful user uses using usually utilize utilizes utilizing valuable
  value various very via way ways we well were what when where whereas whether which while who whose wide widely within
  without work works would yet yield you your
`;

/** Their stems. */
export const PLAIN_STEMS: ReadonlySet<string> = new Set(termsOf(PLAIN_WORDS).map(({ stem }) => stem));
