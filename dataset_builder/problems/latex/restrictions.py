r"""English words that may restrict or change a problem, by kind, and phrases of such words that do not.

Texts are as ``latex.prose`` makes them: small letters, formulas as capital letters (``prose.Kinds``).
"""

from __future__ import annotations

import re

FORMULA = r"[OBCDVNSE]"
_NUMBER = r"(?:\d[\d.,]*|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[NVSE])"
_ORDINAL = r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|final|other|others|remaining|next|previous|\d+(?:st|nd|rd|th))"
_UNIT = (
    r"(?:mm|cm|dm|km|m|kg|g|t|s|h|mg|l|ml|inch(?:es)?|feet|foot|milli\w+|centi\w+|kilo\w+|met(?:er|re)s?|tons?|tonnes?|grams?"
    r"|lit(?:er|re)s?|percent|per cent|euros?|dollars?|hours?|days?|weeks?|pieces?|units?|degrees?|watts?|volts?|items?)"
)
_VARIABLE = r"(?:variables?|coordinates?|unknowns?|decisions?|entr(?:y|ies)|components?|parameters?|dimensions|weights|elements?)"


def _lines(text: str) -> str:
    """Alternatives, one or more a line."""
    return "|".join(line.strip() for line in text.strip().splitlines())


# Integrality, steps, other objectives, noise, logic: they change a problem however they stand.
HARD = re.compile(
    r"\b(?:"
    + _lines(
        rf"""
        integers?(?:-\w+)?|integrality|integral (?:values?|numbers?|{_VARIABLE})|(?:is|are|be) integral\b(?! (?:to|part))|mixed-integer|int(?= {FORMULA}\b)
        (?:whole|full)(?: -?number| (?:{_UNIT}|numbers?|multiples|values?)\b)|wholly|natural numbers?|counting numbers?|fractional|(?:no|non)[- ]?fractions?
        discrete\w*|discreti[sz]\w+|binar(?:y|ies)|booleans?|(?:0|zero)[ -]*(?:/|-|or)[ -]*(?:1|one)\b|on[ -]*(?:/|-|or)[ -]*off|yes[ -]*(?:/|-|or)[ -]*no|true or false
        (?:odd|even)[ -](?:numbers?|valued|numbered|integers?|multiples|values?|only|and|or)|(?:is|are|be|being|all|both|only|or|and|an) (?:odd|even)\b(?! (?:\w+er|more|less|better|worse|if|though|when)\b)
        whole (?!thing|problem|idea|story|domain|space|box|region|design|structure|system|formula|process|cluster|code|day|night|week|point|time|program|file|matter|family|set\b)\w+|indivisib\w+|undivided|dozens?|in pairs|by the dozen|(?:is|are) a count|settings|in one piece|(?:half|third|quarter|fifth|sixth|seventh|eighth|ninth|tenth|sixteenth|hundredth|thousandth)s of|(?:one|two|three|four|five|\d) (?:hal(?:f|ves)|thirds?|quarters?|fifths?|sixths?|eighths?|tenths?|sixteenths?)
        multiples?(?= of\b)|multiple of|divisib\w+|divides|primes?|prime numbers?|categor(?:ical|ies|y)|quanti[sz]ed|countable|enumerat\w+|lattices?
        (?:standard|stock|preferred|nominal|commercial\w*|market|catalogu?e?|available|manufactured|rolled|fixed) (?:\w+ )?(?:sizes?|diameters?|thickness\w*|gauges?|gages?|lengths?|values?|dimensions?|parts?|sections?|profiles?|series|plates?|pipes?|tubes?|wires?|bars?|rods?|sheets?|beams?|bolts?|screws?|numbers?|widths?|grades?|types?|options?|levels?|packs?)
        commercial(?:ly)?(?! (?:software|solvers?|codes?|packages?|tools?|simulators?))|catalogu?e?s?|off[- ]the[- ]shelf|(?:in|on|from|of|the) stock|stocked|in the shop|(?:from|by) (?:a |the |our |its )?(?:supplier|vendor|manufacturer)s?
        (?:chosen|choose|choosing|chooses|choice|select\w*|pick\w*|drawn|draw|draws) (?:\w+ ){{0,5}}?(?:from|among|amongst|out of|between)\b|(?:taken|take|takes|taking) (?:only |one of |either |any |values? ){{1,2}}(?:from|in|of|the|out)?|taken from (?:the |a )?(?:set|list|table|following|catalog\w*|values?|series)|(?:set|list|table|choice) of (?:\w+ )?(?:values?|sizes?|numbers?|options?|levels?|alternatives?|candidates?)
        one of(?! (?:the )?(?:\w+est|most|best|many|few|classic\w*|standard|well|usual|famous|problems?|test|benchmark\w*|functions?|examples?|my|our|his|their|these problems)\b)|(?:come|comes|coming|sold|sells?|offered|delivered|stocked|packaged|packed|ordered|bought|shipped|cut|built) (?:\w+ )?in\b|packs? of|lots? of {_NUMBER}|batch(?:es)? of|in batches|batch sizes?|lot sizes?|pack sizes?
        finite(?:ly)? (?:set|number|many)|handful of|options|alternatives|levels
        (?:in|with|by|at|of|a|fixed|equal|constant|using|and) steps?\b(?! (?:function|response|method))|steps? (?:of|size|width|length|is|being|\d|{FORMULA}\b)|stepped|stepwise|step-?sizes?|increments?|incremental\w*|granular\w*|(?<!power )(?<!electric )(?<!electrical )(?<!supply )grids?\b(?! search)|gridded|mesh of
        rounded|roundings?|rounds? (?:it|them|up|down|off|to|the|all|every|x|V)\b|truncat\w+|resolutions?|nearest|spaced|intervals of|in units of {_NUMBER}|notch\w*|ticks?|decimals?|decimal places?|significant (?:digits|figures)|digits?|equidistant|tenths?|hundredths?
        in degrees(?! (?:celsius|fahrenheit|kelvin|c\b))|(?:base|basis) (?:2|10|two|ten|N)\b|decadic|common logarithm|(?:index|indices|counting|numbering|count) (?:\w+ )?(?:starts?|begins?)|(?:zero|0|one|1)-based|complex(?:-valued| numbers?| variables?| values?)|floors?\b(?! (?:area|plan|space))|positive part|clip(?:s|ped|ping)?|saturat\w+|cut off|infinity|infinite (?:costs?|penalt\w+|values?)|undefined|(?:in )?log(?:arithmic)?[ -]scale|started (?:hour|day|unit|met\w+|kilo\w*)|left ?over
        modulo|mod|wraps?|wrapped|wrapping|cyclic\w*|period(?:ic\w*|icity)|full turns?|identified with|torus
        penali[sz]\w+|penalt(?:y|ies)(?! (?:method|function|approach|parameter)s?)|surcharges?|ignor(?:e|es|ed|ing)|neglect\w* (?:the |this |that )?(?:\w+ )?(?:terms?|parts?|constraints?|variables?|penalt\w+|costs?)|waived?|free of charge|for free|gratis|disregard\w*|omit\w*|leav(?:e|ing) out|left out|dropping|dropped|doubl(?:e|es|ed|ing)(?![ -](?:precision|pipe|reed|integral|sum|bond|well|check)\w*)|tripl\w+|quadrupl\w+|halved|halves|halving|discount\w*|replac(?:e|es|ed|ing)|instead of|subtract\w*|deduct\w*|reward\w*|bonus(?:es)?|fined|rebate\w*|tax\w*|fees?|surplus|on top of|extra (?:\w+ )?(?:cost|term|charge|fee)s?|additional (?:\w+ )?(?:cost|term|charge)s?|(?:plus|minus) (?:a|an|another|\d\S*|N|twice|half)\b|multiplied|divided by|times the|increased by|reduced by|decreased by|scaled by|raised to|squared(?! (?:error|residual|deviation|distance|norm|difference|loss)s?)|cubed|rescaled|charged|(?:shift|rotat|translat|flip|invert|revers)\w* by|(?:logarithm|log|square root|square|absolute value|negative|inverse|reciprocal) of (?:this|it|the (?:function|objective|cost|result|whole))|(?:sums?|products?|index|indices|i|j|k) (?:runs?|is taken|are taken|goes|extends?) (?:only )?(?:over|from|through)|prefer\w*|ideally|desir\w+(?! (?:accuracy|precision|tolerance))|priorit\w+|soft constraints?|regulari[sz]\w*|per (?:thousand|hundred|dozen|million)|(?:is|are|we|be) add(?:ed)?|violat\w+|relax\w*|slacks?|(?:costs?|counts?|pays?|weighs?) (?:\w+ )?(?:double|extra|more|less|twice|nothing|half)
        nois(?:e|y)|random\w*(?! (?:search|start\w*|restart\w*|instances?|initial\w*|seeds?|points?|sampl\w*|guess\w*|generated|drawn|numbers? generator))|stochastic\w*|uncertain\w*|expected (?:value|cost|profit|return)s?|expectations?|in expectation|on average|averag(?:ed|ing)|averages? over|worst|robust\w*(?! (?:method|solver|algorithm|optimi[sz]er|code|way)s?)|chance constraints?|probabilit\w+|quantiles?|perturb\w*|toleranc\w+|confidence
        maximi[sz]\w*|maxima|(?<!negative )(?<!minus )(?<!negative of the )(?:profits?|revenues?|earnings|payoffs?|utility)|(?:find|seek|seeking|want|determine|looking for|look for|need|what is|which is|design|choose|build|make) (?:the |a |us the )?(?:\w+ )?(?:tallest|strongest|longest|widest|heaviest|brightest|richest|farthest|furthest|deepest|thickest|largest|greatest|highest|biggest|most)|(?:large|high|big|great|much|long|many|strong|wide|tall|heavy|fast|far|late)(?:ly)? as (?:\w+ )?(?:possible|we can|you can|it gets)|as (?:much|many) (?:\w+ )+as possible|(?:larger|bigger|higher|greater|more) (?:\w+ )?(?:is|are) better|(?:after|seek|seeking|want|wanted is|sought is|interested in|reach|attain) the (?:global )?maxim(?:um|al)\w*|the maximum (?:of (?:O|the (?:function|objective|cost))|is (?:sought|wanted|needed|required))|made (?:large|big|high|great|long)|the (?:larger|bigger|higher|more|greater) (?:\w+ )*the better|(?:largest|greatest|highest|biggest|most) (?:possible |attainable |achievable )?(?:values?|profits?|returns?|yields?|revenues?|gains?|output|amount|volume|area|efficiency|score)|(?:find|determine|seek|compute|locate|for|has|want|need|look for|the global|a global|global) (?:the |its |a |their )?(?:global |local )?maxim(?:um|a|al)\b(?! (?:number|of function|function|evaluations))
        pareto|(?:multi|bi|two|several|second|secondary|another|conflicting|competing)[- ]?objectives?|lexicographic\w*|trade-?offs?|tie-?break\w*|in case of (?:a )?ties?|also (?:be )?minimi[sz]\w*|(?:minimi[sz]\w*|small) as well|(?:find|seek|want|need|look for|determine|compute) (?:a |the |all )?(?:saddle|stationary|critical) points?|local (?:minimum|optimum|minimi[sz]er) (?:is|suffices|only)
        either|unless|excepting|nothing (?:but|else)|but (?:not|no|never|only)\b|except|exceptions?|exclud\w+|exclusiv\w+|otherwise|whenever|else|provided (?:that|V|C|E|N|it|they|x|the (?!data|code|source|file|instance))|as long as|so long as|in case|in the case|in which case|depending on|iff|impl(?:y|ies)|whichever|wherever|mutual\w*|mutex|at a time|at once|simultaneous\w*|compatible|incompatible|combine[sd]? with|conditional\w*|(?<!ill-)(?<!well-)conditioned|logical\w*
        not all|for some|(?:two|three|four|five|\d+|several|any|half) of (?:(?:the|them|these|those|all)\b|~)(?! (?:papers|authors|terms|methods|references))|at least one of|none of|no two|any two|any three|some of|only some
        exactly|precisely|all[- ]different|alldiff\w*|distinct\w*|pairwise|each other|one another|no repeat\w*|repeat\w*|duplicat\w*|permut\w+|unique values|cardinality|spars\w+|number of (?:non|positive|negative|active|used|chosen|selected|open|zero|different)[\w-]*
        """
    )
    + r")(?!\w)"
)

# Comparisons, sums, duties: they change it unless they only say what a formula beside them states.
SOFT = re.compile(
    r"\b(?:"
    + _lines(
        rf"""
        available (?:only |just )?(?:in|as|with|at|from|sizes?|for)\b|(?:is|are) available(?! (?:online|at|on|from|upon|here|in \[))
        at (?:the )?(?:most|least)(?! squares)|(?:no|not|nor|never|any) (?:more|less|fewer|\w+er) than|(?:not|never|cannot) (?:be )?(?:exceed\w*|surpass\w*|fall|drop|go|rise|pass)|exceed\w*|surpass\w*|outweigh\w*|undercut\w*|dominat\w+|precede\w*
        (?:more|less|fewer|greater|larger|smaller|bigger|higher|lower|longer|shorter|wider|narrower|broader|thicker|thinner|heavier|lighter|taller|deeper|closer|nearer|farther|further|steeper|hotter|colder|warmer|cooler|earlier|later|faster|slower|stronger|weaker|older|newer|cheaper|costlier|sooner|steadier|shallower|richer|poorer|fuller|slimmer|softer) than(?! (?:expected|usual|before|i |it (?:looks|seems)|a (?:week|month|year|decade|century)|(?:\w+ )?(?:years?|months?|weeks?|papers?|methods?|authors?|people)\b|other|others|any other|those of|mine|we thought))
        (?:equals?|equal(?:ed|ling)? to|identical|coincide\w*|the same (?:value|as|size|length|width|height|amount|thickness|diameter|for|number)|all the same|same (?:value|size|length|width|height|amount|thickness|diameter)s?|equality|equals each other|match(?:es)?(?! the (?:literature|paper|results?|book|published|one))|agree(?:s)? with|tally|tallies)
        (?:is|are|be|being|stay\w*|lie\w*|lying|remain\w*|keep\w*|kept|fall\w*|go|goes|held|hold|below|or) (?:strictly |well |always |somewhere |at |set |fixed )*(?:above|below|under|beneath|beyond|between|within|inside|outside)\b
        between (?={_NUMBER}\b|the (?:{_ORDINAL})|and|minus|-)|half(?: (?:of|the|as|a|its|that|what))?|twice|thrice|(?:two|three|four|five|six|ten|\d+|N|several|many) times\b(?! (?:faster|slower|already|before|now|a day))|a (?:third|quarter|fifth|tenth)|one[- ](?:third|quarter|half|fifth|tenth)|two[- ]thirds|three[- ]quarters|(?:in|a|the|fixed|constant|aspect) ratios? (?:of|is|between|{_NUMBER})|proportion of|(?:large|long|wide|high|thick|big|much|many|great|heavy|tall|deep) as(?! possible)\b|as (?:\w+ )as (?=the|{FORMULA})
        limited to|capped(?! (?:at (?:both|the|one|either|its|each)|~))|limited|scarce|(?:limits?|constraints?|restrictions?|rules?|conditions?|bounds?) (?:also |still )?(?:apply|applies|exist|are in force)|usual (?:constraints?|conditions|restrictions|limits)|caps?\b|ceilings?|thresholds?|quotas?|(?:up|down) to (?:a |the )?(?:maximum|minimum|limit|{_NUMBER})|in excess|upper (?:limit|bound)s? (?:of|is|for|on)|lower (?:limit|bound)s? (?:of|is|for|on)|minimum of {_NUMBER}|maximum of {_NUMBER}|or (?:more|less|fewer|above|below|larger|smaller|greater|higher|lower)\b|from {_NUMBER} (?:to|up)
        (?:add|adds|added|adding|sum|sums|summed|summing|amount|amounts|amounting|total|totals|totalling|totaling) (?:\w+ )?(?:up )?(?:to|up)\b|add up|(?:sum|total|product|average|mean of) (?:\w+ ){{0,6}}?(?:is|are|be|being|equals?|stays?|remains?)\b(?! (?:to be )?(?:[ODES]\b|given|defined|minimal|minimi[sz]ed|minimum|smallest|least|computed|the|known as|called|taken|a|an|smooth|convex|expensive))|in total|altogether|all together|taken together|together (?:\w+ )?(?:make|give|weigh|cost|be|must|are|is|at|form|not)|jointly|in sum|collectively|sum of squares (?:is|of)|proportions?|percent\w*|per cent|%|normali[sz]ed|unit (?:norm|length|sum|simplex|ball|sphere|circle|vector)|on the simplex|probability simplex|convex combination|partition of unity|used up|use up|spent|spend|spends|fully (?:invested|used|spent|allocated|booked|loaded|staffed|charged)|exhaust\w*|make up|makes up|complement\w*|balanced|balances?(?= *(?:[.,;]|$))|in balance|conserved|conservation of|meets? (?:the |its |their |all )?(?:\w+ )?demands?|the rest (?:of|goes|is|are)|remainder|whatever is left|common (?:value|total|length|size|width|height|radius)|budget
        non-?negativ\w*|non-?positiv\w*|strictly|non-?zero\w*|nonvanishing|vanish\w*|opposite signs?|same signs?|signs?\b(?! convention)|alternat\w+
        or\b(?! (?:so|rather|any (?:hints?|help|ideas?)|references?|links?|papers?|advice|comments?|suggestions?|even better|better)\b)|(?<!wonder )(?<!know )(?<!see )(?<!check )(?<!ask )(?<!sure )(?<!as )if\b|when\b(?! (?:i|we|you|solving|using|running|starting|it comes)\b)|(?:with|having) (?:the )?(?:highest|largest|greatest|biggest|most|maximal)|(?:highest|largest|greatest|biggest) \w+ (?:wins|is best|is wanted|is sought|counts|is needed)
        must|mustn't|should(?:n't)?|shall|shan't|ought|ha(?:s|ve|d) to|having to|needs? to|need (?:not |only )?be|needn't|required|requires?|requirements?|mandatory|compulsory|obligat\w+|forced|forces (?:the|it|V|x|us)|feasible \w+ (?:is|are) (?:those|all|the ones)|(?:think of|take|pick|fix|round|keep|hold|double|restrict|limit|make|treat|regard|leave|count|allow|force|sort|order|multiply|divide|scale|halve|freeze) (?:only |all )?V\b|forbid\w*|forbidden|prohibit\w*|disallow\w*|rule[sd]? out|not (?:allowed|permitted|possible|admissible|acceptable|feasible|be|exist)|may not|might not|can only|may only|only|never|always|permit\w*|permissible|admissible|allowed|allowable|acceptable|infeasible|illegal|legal|invalid|by law|the law (?:requires|says|allows)|regulation\w*|polic(?:y|ies)|ensur\w+|guarante\w+|enforc\w+|insist\w*|see to it|make sure|cannot|can ?not|can't|won't|essential|crucial|vital|imperative|necessar\w+|important that|strict|open (?:interval|set|box)|(?:is|are) (?:binding|active)(?! at)|mind that|watch out|beware|take care|avoid\w*|prevent\w*|restrict\w*|constrain(?:ed|s|ing)?|fixed|fix|freeze|frozen|pinned|tied|coupled by|linked|clamped (?:to|between|at (?:\d|N|S))|held at|held|kept|keep|keeps|keeping|set to|set equal|constant(?! (?:is|N|D|S)\b)|hold[s]? constant|no longer|stay|stays|remain|remains|without|nor|neither
        (?:on|in|inside|within|outside) (?:the|a|this|that|some) (?:unit |same |upper |lower |positive )?(?:circle|line|plane|sphere|ball|disc|disk|triangle|simplex|polygon|ellipse|half[- ]plane|quadrant|orthant|curve|surface|cone|ring|annulus|manifold|hyperplane|diagonal)|square (?:base|bottom|lid|floor|plot|field|ground|box|plate)|equilateral|isosceles|right[- ]angled|congruent|(?:do|does|is|are|be|did|was|were|will|would|has|have) not|(?:do|does|is|are|did|was|were|has|have)n't|sorted|ordered|orders?\b(?= (?:of (?:size|magnitude|increas|decreas)|statistics))|ascending|descending|increasing(?:ly)?|decreasing(?:ly)?|monoton\w+|non-?(?:in|de)creasing|consecutive|successive|(?<!matrix is )(?<!matrices are )(?<!hessian is )(?<!a )symmetric\w*(?! (?:positive|matri))|mirror\w*|antisymmetric|in (?:increasing|decreasing|ascending|descending|reverse)
        """
    )
    + r")(?!\w)"
)

# These count where the sentence speaks of a variable.
WEAK = re.compile(
    r"\b(?:"
    + _lines(
        r"""
        not|no|none|can ?not|can't|don't|doesn't|isn't|aren't|won't|if|when|or|while|until|once|may|might|can|assum\w+|suppos\w+
        equal\w*|same|different\w*|differ\w*|above|below|under|over|inside|outside|between|beyond|minimum|maximum|minimal|maximal|smallest|largest|longest|shortest|highest|lowest|limits?|ranges?|increases?|decreases?|grows?|shrinks?|counts?|percentages?|indices|ranks?
        sums?|total|averages?|products?|ratios?|shares?|fractions?|parallel|orthogonal|perpendicular|zeros?|positiv\w*|negativ\w*|steps?
        two|three|four|five|six|seven|eight|nine|ten|both|many|few|several|most|follows?(?!-)|related|relat\w+|values?|valid|active|inactive|used|chosen|selected|neglect\w*|scaled|proportional\w*|adjacent|neighbou?r(?:s|ing)?|completely|entirely|fully|plus|minus
        """
    )
    + r")(?!\w)"
)

# What speaks of variables.
MENTION = re.compile(
    rf"\bV\b|\b(?:variables?|coordinates?|unknowns?|decision variables?|design (?:variables?|vector|parameters?)|entr(?:y|ies)|components? of (?:x|the (?:vector|solution)|V)|decisions|the vector|weights"
    rf"|(?:each|every|any|no|all)(?: of the| the)? (?:values?|sizes?|lengths?|quantities|numbers|amounts)|all (?:two|three|four|five|six|of them)|(?:the|every|each|any|all) (?:{_ORDINAL} )?(?:component|entry|element|parameter|coordinate|dimension)s?|(?:the )?(?:{_ORDINAL}) (?:one|two|three|V)|x)\b"
)

# Numbers in words where they are predicates: "is two".
NUMBER_WORD = re.compile(
    rf"\b(?:is|are|be|being|equals?|to|by|of) (?:zero|one|two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|a dozen)(?=[\s,.;]*$|[,.;]| {_UNIT}\b| and\b| or\b| [BCDOV]\b)"
)
DIGITS = re.compile(r"(?<![\w.])[-+]?\d[\d.,]*(?:e-?\d+)?(?![\w])\s*(?:%)?|(?<![\w.])\d[\d.]*(?=[a-z])")

# Number words that count things: "the three stages".
COUNTED = re.compile(
    r"(?<!\w)(?:"
    + _lines(
        r"""
        (?:a|an|the|of|with|has|have|consists of|made of|this|our|my|following|these|those|and|for|between|by|at|under|its|with the) (?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|both)(?= (?!of\b|variables?\b|times\b|units?\b|coordinates?\b|components?\b|entries\b|or\b|and\b|mm\b|cm\b|percent\b|values?\b|levels?\b|are\b|is\b|must\b|should\b|have\b|may\b|can\b)[a-z]+)
        (?:one|two|three|four|five|six|seven|eight|nine|ten|both)[- ](?:bars?|dimensional|stage|step|phase|parts?|circles?|towns?|sites?|ends?|supports?|steps?|members?|rods?|springs?|plates?|materials?|constraints?|inequalit(?:y|ies)|equations?|generators?|reactors?|tanks?|terms?|functions?|objects?|points?|sides?|faces?|layers?|peaks?|valleys?|criteria|quantities|stresses|loads?|forces?|machines?|plants?|units? share|methods?|papers?|books?|authors?|cases?|examples?|kinds?|types?|sections?|data sets?)
        """
    )
    + r")(?!\w)"
)

# A bare condition right before or behind a formula: "x <= 1 or x >= 2", "but not x <= 0".
BESIDE = re.compile(rf"\b(?P<word>odd|even|not|or|if|when|nor|else|except)(?=\s+{FORMULA}\b)")
# What is said of a variable, unless it says what it is, how it is measured or where it occurs.
SAID = re.compile(
    rf"(?<=\bV )(?!(?:and|or|is (?:the|a|an|that|its|called|measured|given|denoted|expressed|named|defined|known|just|real|continuous|~)|are (?:the|its|(?:the )?\w+s (?:of|in|at|on|from)|measured"
    rf"|given|called|expressed|those|denoted|defined|named|real|continuous|~)|denotes?|represents?|stands?|describes?|means|refers?|gives|measures|in|of|for|to"
    rf"|with|on|at|from|by|that|which|as|where|subject|such|respectively|be|the|a|an|over|we|it|here|has|have|appears?|enters?|occurs?|minimi\w+"
    rf"|belongs?|corresponds?|being|given|if|when|s\.t\.|st|{_UNIT}|[a-z]\b|mit|et|y|con|avec|und|ist|est|es)\b)[a-z]+"
)
BEHIND = re.compile(r"(?<=[VSE]) (?:(?:is|are|be|being|stays?|remains?) )+(?:positive|negative|zero|one)\b")

# Phrases of such words that change nothing. They are blanked before a sentence is judged.
_YEAR = r"(?:1[6-9]\d\d|20\d\d)"
_SOURCE = r"(?:fig(?:ure|s|\.)?|tab(?:le|s|\.)?|eqs?\.?|equations?|sections?|sec\.|chapters?|ch\.|exercises?|ex\.|problems?|prob\.|examples?|theorems?|lemmas?|propositions?|appendix|pages?|pp?\.|vol(?:ume|\.)?|no\.|nr\.|number|nos?\.|algorithms?|line|case|instance|test(?: (?:case|problem|function))?|version|item|question|part|edition|assignment|homework|lecture|task|week|release|python|matlab|scipy|windows|ubuntu)"
HARMLESS = tuple(
    re.compile(rf"(?<!\w)(?:{_lines(text)})(?!\w)")
    for text in (
        rf"""
        {_SOURCE} ?\(?[a-z]?\d[\d.]*[a-z]?\)?(?:(?:,| and| to| -|-) ?\(?\d[\d.]*\)?)*
        \[\d[\d, -]*\]|\(?(?:in |of |from |since |, |\()?{_YEAR}[a-z]?\)?|\d+(?:st|nd|rd|th) (?:century|edition)|[a-z]{{1,4}}-?\d{{1,4}}\b|isbn [\d -]+|doi:?\s*\S+|https?:\S+|\d+\.\d+/\S+|arxiv:?\s*\S+|\d+\(\d+\)(?:, ?\d+(?: ?- ?\d+)?)?
        (?:hock|schittkowski|hs|cec|g|f|tp|problem) ?{_YEAR}?,? ?\d+
        \d\d?[./]\d\d?[./]\d{{2,4}}|\d\d?(?:st|nd|rd|th|\.)? (?:january|february|march|april|may|june|july|august|september|october|november|december)(?:,? {_YEAR})?|(?:january|february|march|april|may|june|july|august|september|october|november|december) (?:\d\d?(?:st|nd|rd|th)?,? )?{_YEAR}
        """,
        # what is known about the answer
        r"""
        (?:the |our |its |a |whose |and )?(?:best|optimal|known|global|reported|published|true|reference|exact|previous|theoretical|approximate|analytical|unconstrained)(?:[ -][a-z]+){0,2}?[ -](?:values?|solutions?|optim(?:um|a)|minim(?:um|a|i[sz]ers?)|results?|objective(?: value)?|designs?|cost|weight|point)(?: so far| found| known| reported| to date| in the literature| that i know| i know| here| of [a-z]+| of S| of O| that [\w ]+? found)*(?: is| are| was| were| has| lies| costs| weighs| equals| being| of| at| :|:|,)*(?: (?:about|around|approximately|roughly|near|close to|at|said to be|believed to be|given by|ca\.|known to be|V|S|D|E|N))*(?: ?(?:f|f\*) ?=)?(?: ?[-+]?\d[\d.,]*(?:e-?\d+)?\b(?!\s*(?:or|and|to)\b))?
        (?:the |its |a )?(?:global )?(?:minimum|optimum)(?: value)?(?: of [OSE])? is at least -?\d[\d.]*
        (?:the |its |a )?(?:global |local )?(?:minimum|optimum|minimi[sz]er|solution)(?: value| of [a-z]+| of [OSVE])*(?: (?:is|lies|was|sits|being)| has)(?: (?:f|known|about|around|approximately|at|near|located|attained|reached|the value|a value of|value|to be|not))*(?: ?[-+]?\d[\d.,]*\b| D\b| N\b| S\b| E\b| V\b| zero\b| at the origin)?
        (?:several|many|two|a few|a lot of|lots of|countless|exponentially many|numerous|no other|various|four) (?:global |local |equal |different )*(?:minima|optima|minimi[sz]ers|solutions|valleys)
        """,
        # what is to be done: it is what the reader does
        r"""
        (?:to be|is|are|be|should be|must be|has to be|have to be|needs to be|shall be|want to|wants to|have to|has to|need to|needs to|must|should|shall|to|one has to|we|would like to|like to|try to|trying to|going to|aims? to|aim is to|goal is to|task is to|objective is to) (?:be )?(?:minimi[sz]ed?|minimal|solved?|made as small as possible|found|optimi[sz]ed?|as small as possible|minimum)(?! (?:over|for|in) (?:the )?(?:integers?|grid|even|odd|set|multiples))
        (?:one |we |you )?(?:has to|have to|must|should|want to|wants to|need to) (?:find|look for|determine|compute|search for|choose)(?= (?:the |a )?(?:point|minimum|global minimum|solution|design|variables|V|best|optimal|optimum)s?\b)
        minimi[sz](?:e|es|ed|ing|ation)(?: problem)?|(?:smaller|lower|less) is better|as small as (?:possible|we can|you can)|(?:small|low|cheap|light|short)(?:est)? (?:possible |total )?(?:cost|weight|volume|value|mass|error|price)|so that it is least|at (?:least|minimum|minimal|lowest) (?:cost|weight|volume|expense)|of (?:least|minimum|minimal) (?:cost|weight|volume)|least[- ]squares|least cost|minimum[- ](?:weight|cost|volume|mass|energy)
        (?:be )?chosen (?:such |so )?that (?:the )?(?:following )?(?:objective|function|cost|it) (?:function )?is (?:minimal|minimi[sz]ed|least|smallest)
        """,
        # introductions
        r"""
        over(?= (?:V\b|all |the (?:box|domain|set|region|square|variables|interval|unit|space)))|subject (?:to|the)(?: the)?(?: following)?(?: (?:constraints?|system|conditions?|inequalit(?:y|ies)|equations?|bounds|limits|restrictions))?|such that(?: the following (?:constraints |conditions |inequalities |equations )?(?:hold|are satisfied|are met))?(?= ?[:,OBCDVNSE]| *$)|with respect to|w\.r\.t\.?|as follows|the following|in order to|of the form|given by|defined (?:by|as|through)|denotes?|stands? for|is short for|that is(?= to)|not only|the only|only one (?:minimum|optimum)
        (?:the )?(?:inequality |equality |nonlinear |linear |box |bound |side |design |physical |behaviou?r |stress )?(?:constraints?|conditions?|bounds|limits|restrictions?|box|search space|domain|feasible (?:set|region|box|points?)|design space|inequalities|requirements)(?: (?:is|are|read|reads|satisfy|obey|given by|on [a-z ]{1,30} are|of the problem|of the design|for the [a-z ]{1,20}))*(?: as follows)?(?= ?:? ?[OBCD]\b| ?:? *$)
        the (?:first|last|other|remaining|next) (?:one|two|three|four|five|six|ones)? ?(?:lies?|are|is|live|range|vary|must lie) in(?= [BD])|we restrict the search to(?= [BCD])|(?:is|are) bounded(?: by)?(?=:? [BCD])|(?:variables?|they|all|parameters?|and|which|that|x|V) (?:live|lie|are|is|must lie|have to lie|should lie|range|vary|varies|bounded) in(?= [BD]\b)|(?:it )?(?:has|have) to satisfy(?= [BCD])|(?:must|should|shall) (?:hold|satisfy|fulfil|be satisfied|obey)(?= ?:? [BCD])|i (?:also )?(?:need|know|require)(?: that)?(?= [BCD])|(?:we|one) (?:need|require|must have|should have|have|know|want|demand)(?: that)?(?= [BCD])|it (?:must|should) hold(?: that)?(?= ?:? [BCD])|satisf(?:y|ies|ying)(?= [BCD])|are real(?: numbers)?|real (?:numbers?|variables?|values?|valued)|real-valued|(?:is|are|be) continuous|continuous(?:ly)?
        """,
        # what is not
        r"""
        (?:do|does|is|are|was|were|did|could|would|has|have|will|can)(?: not|n't) (?:yet |be |been |very |always |even |really |a |an |the |in |seem |look )*(?:convex|concave|smooth|differentiable|continuous|linear|separable|known|available|easy|trivial|unique|clear|sure|obvious|converg\w+|work|help|matter|exist|depend|published|stated|reported|shown|found|come|get|seem|important|relevant|yet|new|mine|noisy|random|stochastic|expensive|cheap|difficult|hard|closed|explicit|analytic\w*|simple|original|good|attained|reached|solved|understood|to scale|successful|documented|covered|discussed|derived)\b
        (?:not noisy|no noise|noise-?free|noiseless|not unique|not convex|nor (?:convex|smooth|differentiable|linear)|neither (?:convex|smooth|differentiable|linear)|non-?convex|not (?:smooth|differentiable|linear|separable|known|available|easy|trivial))
        (?:\w+ )?(?:found|gave|got|reached|reports?|reported|obtain(?:s|ed)?|returned|returns|achieve[sd]?|yields?|yielded|gets)(?: (?:f|a|an|value|values|of|around|about|roughly|objective|result|results|cost|as))* \d[\d.,]*(?:e-?\d+)?
        """,
        # phrases with such words
        r"""
        always (?:end|get|got|fail|converge|stop|find|return|stuck)\w*|only (?:a|an|one (?:global )?(?:minimum|optimum)|recently|a sketch|as an|been|because|to illustrate)\b(?! (?:few|fraction|third|half|quarter|single|finite))|never been|without (?:loss|success|derivatives?|proof|gradients?|further|any (?:success|luck))|requires? (?:a|an|the) (?:\w+ )?(?:simulation|solution|call|run|integration|evaluation|solver|lot|knowledge)|(?:spring|elastic|gas|material|rate|time|boltzmann|physical|gravitational|universal|lipschitz|given) constants?|fixed (?:at (?:one|its|the|both)|ends?|supports?|pivot|point|frame|base|wall)|keep in mind|keep getting
        (?:gradient|derivative|hessian|jacobian|determinant)s?[\w ]{0,30} vanish\w*|the (?:\w+ )?(?:constraints?|inequalit(?:y|ies)|conditions?|bounds?|ones?) (?:limits?|bounds?|restricts?|keeps?|describes?|models?|reflects?|represents?|concerns?|accounts? for|ensures?|guarantees?|prevents?|avoids?)\b|the (?:first|second|third|fourth|fifth|last|other) (?:term|constraint|inequality|summand|part)s?(?= (?:is|are|of|limits?|bounds?|represents?|models?|describes?|accounts?|concerns?|stands?|comes)\b)
        (?:allowable|admissible|permissible|maximum|minimum|maximal|yield|ultimate) (?:\w+ )?(?:stress|deflection|load|strain|displacement|pressure|temperature|thickness|force)(?:es|s)?(?= (?:[SVED]\b|of the|in the|for the)|,| ?$)|necessary (?:and sufficient|conditions?|optimality)|to avoid (?:confusion|notation\w*|clutter|division)|(?:we )?restrict (?:ourselves|attention|our attention)|it remains to|remain\w* (?:open|unsolved|unknown|challenging|popular|difficult)|constrained (?:\w+ )?(?:optimi[sz]ation|problems?|minimi[sz]ation|nonlinear|test|case|program\w*|design|benchmark|version)|at least (?:for me|in theory|in principle|i think|as far as|to my knowledge)
        (?:can ?not|can't) be (?:computed|differentiated|solved|evaluated|expressed|given|shown|found|guaranteed|decomposed|obtained|written)|(?:can ?not|can't) (?:compute|provide|share|find|say|tell|publish|show|solve)|(?:do|does|did)(?: not|n't) (?:know|have|trust|care|see|understand|think|need|worry|mind|provide|give|support|affect|influence|improve|play|converge|want to)|omit\w* (?:the )?(?:details?|proof|units?|arguments?|index|indices|derivation|dependence)|(?:are|is) omitted (?:for brevity|here)|(?:exactly the same|solved exactly|exactly as in) ?(?:problem|setting)?|affect each other|either way|(?:which|what|a|any|another|good|best) (?:solver|algorithm|method|package|library|software|book|paper)s? or|see if|check if
        """,
        # chat
        r"""
        (?:i'?m|i am|we are|we're|am) (?:not )?(?:sure|stuck|looking|trying|working|wondering|new)|i wonder if|if (?:you (?:know|have (?!to)|can|could|want|need|like|are|would|see|find|happen|wish|think)|anybody|anyone|someone|somebody|that helps|this helps|possible|necessary|needed|any)\b[^,.]*|any (?:help|hints?|ideas?|advice|suggestions?|pointers?)[\w ]*|thanks?(?: you)?(?: (?:a lot|in advance|for [\w ]+))?|please[\w ]*? (?:help|advise|tell|let me know)[\w ]*|let me know[\w ]*|hope (?:it|this|that) [\w ]+|i (?:have|'ve) (?:not|never|only|already) (?:\w+ )?(?:used|seen|tried|found|worked|heard|read|had)|my (?:own )?(?:code|solver|program|script|attempts?|implementation) [\w ]+|(?:which|what) (?:solver|algorithm|method|optimi[sz]er)s? (?:\w+ )*|(?:should|can|could|may|do|would) (?:i|you|we|one|anyone|anybody)\b(?! (?:only|not|use only))|i (?:do not|don't|did not|didn't|cannot|can't|could not|couldn't|can|could|will|want to|need to|need the|have) (?!\w* ?(?:at least|at most))(?:\w+ ){0,2}(?:know|understand|solve|find|get|use|run|help|work|post|ask|minimum|believe|think|remember|afford|wait|figure)?
        """,
        # numbers of what is not a variable, times, machines
        r"""
        (?:takes?|took|lasts?|runs?|ran|running|costs?|needs?|within|after|for|about|some|roughly|around|every|in|wait(?:ed|ing)?|of|up to|than) (?:about |around |roughly |some |at least |more than |up to |almost |nearly |over )*(?:\d[\d.,]*(?: ?- ?\d+)?|one|two|three|four|five|six|ten|twenty|several|a few|half an|an|many|a) (?:milliseconds?|microseconds?|seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|ms|min|cpu|cores?|cpu[- ](?:seconds?|hours?))(?: (?:ago|each|long|old|or so|or more))?
        \d+ (?:constraints?|inequalit(?:y|ies)|equations?|terms?|towns?|sites?|generators?|members?|bars?|local minima|data points|measurements?|observations?|samples?|authors?|cores?|cpus?|gb|runs|questions?|students?|pages?|papers?|citations?|[a-z]+-bar)
        """,
    )
)
