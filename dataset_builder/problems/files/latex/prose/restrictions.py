r"""English words that may restrict or change a problem, by kind.

Texts are as ``sentences`` makes them: lower case, formulas as capital letters (``sentences.FormulaKinds``).
"""

from __future__ import annotations

import re

FORMULA = r"[OBCDVNSE]"
_NUMBER = r"(?:\d[\d.,]*|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[NVSE])"
_ORDINAL = r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|final|other|others|remaining|next|previous|\d+(?:st|nd|rd|th))"
UNIT = (
    r"(?:mm|cm|dm|km|m|kg|g|t|s|h|mg|l|ml|inch(?:es)?|feet|foot|milli\w+|centi\w+|kilo\w+|met(?:er|re)s?|tons?|tonnes?|grams?"
    r"|lit(?:er|re)s?|percent|per cent|euros?|dollars?|hours?|days?|weeks?|pieces?|units?|degrees?|watts?|volts?|items?)"
)
_VARIABLE = r"(?:variables?|coordinates?|unknowns?|decisions?|entr(?:y|ies)|components?|parameters?|dimensions|weights|elements?)"


def alternatives(text: str) -> str:
    """Alternatives, one or more a line; lines that begin with # are headings."""
    lines = (line.strip() for line in text.strip().splitlines())
    return "|".join(line for line in lines if not line.startswith("# "))


# Integrality, steps, other objectives, noise, logic: they change a problem however they stand.
HARD = re.compile(
    r"\b(?:"
    + alternatives(
        rf"""
        # integrality, sizes that are on sale
        integers?(?:-\w+)?|integrality|integral (?:values?|numbers?|{_VARIABLE})
        (?:is|are|be) integral\b(?! (?:to|part))|mixed-integer|int(?= {FORMULA}\b)
        (?:whole|full)(?: -?number| (?:{UNIT}|numbers?|multiples|values?)\b)|wholly|natural numbers?
        counting numbers?|fractional|(?:no|non)[- ]?fractions?
        discrete\w*|discreti[sz]\w+|binar(?:y|ies)|booleans?|(?:0|zero)[ -]*(?:/|-|or)[ -]*(?:1|one)\b
        on[ -]*(?:/|-|or)[ -]*off|yes[ -]*(?:/|-|or)[ -]*no|true or false
        (?:odd|even)[ -](?:numbers?|valued|numbered|integers?|multiples|values?|only|and|or)
        (?:is|are|be|being|all|both|only|or|and|an) (?:odd|even)\b(?! (?:\w+er|more|less|better|worse|if|though|when)\b)
        whole (?!thing|problem|idea|story|domain|space|box|region|design|structure|system|formula|process|cluster|code|day|night|week|point|time|program|file|matter|family|set\b)\w+
        indivisib\w+|undivided|dozens?|in pairs|by the dozen|(?:is|are) a count|settings|in one piece
        (?:half|third|quarter|fifth|sixth|seventh|eighth|ninth|tenth|sixteenth|hundredth|thousandth)s of
        (?:one|two|three|four|five|\d) (?:hal(?:f|ves)|thirds?|quarters?|fifths?|sixths?|eighths?|tenths?|sixteenths?)
        multiples?(?= of\b)|multiple of|divisib\w+|divides|primes?|prime numbers?|categor(?:ical|ies|y)|quanti[sz]ed
        countable|enumerat\w+|lattices?
        (?:standard|stock|preferred|nominal|commercial\w*|market|catalogu?e?|available|manufactured|rolled|fixed) (?:\w+ )?(?:sizes?|diameters?|thickness\w*|gauges?|gages?|lengths?|values?|dimensions?|parts?|sections?|profiles?|series|plates?|pipes?|tubes?|wires?|bars?|rods?|sheets?|beams?|bolts?|screws?|numbers?|widths?|grades?|types?|options?|levels?|packs?)
        commercial(?:ly)?(?! (?:software|solvers?|codes?|packages?|tools?|simulators?))|catalogu?e?s?
        off[- ]the[- ]shelf|(?:in|on|from|of|the) stock|stocked|in the shop
        (?:from|by) (?:a |the |our |its )?(?:supplier|vendor|manufacturer)s?
        (?:chosen|choose|choosing|chooses|choice|select\w*|pick\w*|drawn|draw|draws) (?:\w+ ){{0,5}}?(?:from|among|amongst|out of|between)\b
        (?:taken|take|takes|taking) (?:only |one of |either |any |values? ){{1,2}}(?:from|in|of|the|out)?
        taken from (?:the |a )?(?:set|list|table|following|catalog\w*|values?|series)
        (?:set|list|table|choice) of (?:\w+ )?(?:values?|sizes?|numbers?|options?|levels?|alternatives?|candidates?)
        one of(?! (?:the )?(?:\w+est|most|best|many|few|classic\w*|standard|well|usual|famous|problems?|test|benchmark\w*|functions?|examples?|my|our|his|their|these problems)\b)
        (?:come|comes|coming|sold|sells?|offered|delivered|stocked|packaged|packed|ordered|bought|shipped|cut|built) (?:\w+ )?in\b
        packs? of|lots? of {_NUMBER}|batch(?:es)? of|in batches|batch sizes?|lot sizes?|pack sizes?
        finite(?:ly)? (?:set|number|many)|handful of|options|alternatives|levels
        # steps, rounding
        (?:in|with|by|at|of|a|fixed|equal|constant|using|and) steps?\b(?! (?:function|response|method))
        steps? (?:of|size|width|length|is|being|\d|{FORMULA}\b)|stepped|stepwise|step-?sizes?|increments?
        incremental\w*|granular\w*|(?<!power )(?<!electric )(?<!electrical )(?<!supply )grids?\b(?! search)|gridded
        mesh of
        rounded|roundings?|rounds? (?:it|them|up|down|off|to|the|all|every|x|V)\b|truncat\w+|resolutions?|nearest
        spaced|intervals of|in units of {_NUMBER}|notch\w*|ticks?|decimals?|decimal places?
        significant (?:digits|figures)|digits?|equidistant|tenths?|hundredths?
        # conventions that change a formula's meaning
        in degrees(?! (?:celsius|fahrenheit|kelvin|c\b))|(?:base|basis) (?:2|10|two|ten|N)\b|decadic|common logarithm
        (?:index|indices|counting|numbering|count) (?:\w+ )?(?:starts?|begins?)|(?:zero|0|one|1)-based
        complex(?:-valued| numbers?| variables?| values?)|floors?\b(?! (?:area|plan|space))|positive part
        clip(?:s|ped|ping)?|saturat\w+|cut off|infinity|infinite (?:costs?|penalt\w+|values?)|undefined
        (?:in )?log(?:arithmic)?[ -]scale|started (?:hour|day|unit|met\w+|kilo\w*)|left ?over
        modulo|mod|wraps?|wrapped|wrapping|cyclic\w*|period(?:ic\w*|icity)|full turns?|identified with|torus
        # other objectives
        penali[sz]\w+|penalt(?:y|ies)(?! (?:method|function|approach|parameter)s?)|surcharges?|ignor(?:e|es|ed|ing)
        neglect\w* (?:the |this |that )?(?:\w+ )?(?:terms?|parts?|constraints?|variables?|penalt\w+|costs?)|waived?
        free of charge|for free|gratis|disregard\w*|omit\w*|leav(?:e|ing) out|left out|dropping|dropped
        doubl(?:e|es|ed|ing)(?![ -](?:precision|pipe|reed|integral|sum|bond|well|check)\w*)|tripl\w+|quadrupl\w+
        halved|halves|halving|discount\w*|replac(?:e|es|ed|ing)|instead of|subtract\w*|deduct\w*|reward\w*
        bonus(?:es)?|fined|rebate\w*|tax\w*|fees?|surplus|on top of|extra (?:\w+ )?(?:cost|term|charge|fee)s?
        additional (?:\w+ )?(?:cost|term|charge)s?|(?:plus|minus) (?:a|an|another|\d\S*|N|twice|half)\b|multiplied
        divided by|times the|increased by|reduced by|decreased by|scaled by|raised to
        squared(?! (?:error|residual|deviation|distance|norm|difference|loss)s?)|cubed|rescaled|charged
        (?:shift|rotat|translat|flip|invert|revers)\w* by
        (?:logarithm|log|square root|square|absolute value|negative|inverse|reciprocal) of (?:this|it|the (?:function|objective|cost|result|whole))
        (?:sums?|products?|index|indices|i|j|k) (?:runs?|is taken|are taken|goes|extends?) (?:only )?(?:over|from|through)
        prefer\w*|ideally|desir\w+(?! (?:accuracy|precision|tolerance))|priorit\w+|soft constraints?|regulari[sz]\w*
        per (?:thousand|hundred|dozen|million)|(?:is|are|we|be) add(?:ed)?|violat\w+|relax\w*|slacks?
        (?:costs?|counts?|pays?|weighs?) (?:\w+ )?(?:double|extra|more|less|twice|nothing|half)
        # noise
        nois(?:e|y)|from run to run|between (?:runs|repetitions|calls)|fluctuat\w+|irreproducib\w+
        random\w*(?! (?:search|start\w*|restart\w*|instances?|initial\w*|seeds?|points?|sampl\w*|guess\w*|generated|drawn|numbers? generator))
        stochastic\w*|uncertain\w*|expected (?:value|cost|profit|return)s?|expectations?|in expectation|on average
        averag(?:ed|ing)|averages? over|worst|robust\w*(?! (?:method|solver|algorithm|optimi[sz]er|code|way)s?)
        chance constraints?|probabilit\w+|quantiles?|perturb\w*|toleranc\w+|confidence
        # maximisation, several objectives, other points than minima
        maximi[sz]\w*|maxima
        (?<!negative )(?<!minus )(?<!negative of the )(?:profits?|revenues?|earnings|payoffs?|utility)|(?:a|the) yield|pays to be
        (?:find|seek|seeking|want|determine|looking for|look for|need|what is|which is|design|choose|build|make) (?:the |a |us the )?(?:\w+ )?(?:tallest|strongest|longest|widest|heaviest|brightest|richest|farthest|furthest|deepest|thickest|largest|greatest|highest|biggest|most)
        (?:large|high|big|great|much|long|many|strong|wide|tall|heavy|fast|far|late)(?:ly)? as (?:\w+ )?(?:possible|we can|you can|it gets)
        as (?:much|many) (?:\w+ )+as possible|(?:larger|bigger|higher|greater|more) (?:\w+ )?(?:is|are) better
        (?:after|seek|seeking|want|wanted is|sought is|interested in|reach|attain) the (?:global )?maxim(?:um|al)\w*
        the maximum (?:of (?:O|the (?:function|objective|cost))|is (?:sought|wanted|needed|required))
        made (?:large|big|high|great|long)|the (?:larger|bigger|higher|more|greater) (?:\w+ )*the better
        (?:largest|greatest|highest|biggest|most) (?:possible |attainable |achievable )?(?:values?|profits?|returns?|yields?|revenues?|gains?|output|amount|volume|area|efficiency|score)
        (?:find|determine|seek|compute|locate|for|has|want|need|look for|the global|a global|global) (?:the |its |a |their )?(?:global |local )?maxim(?:um|a|al)\b(?! (?:number|of function|function|evaluations))
        pareto|(?:multi|bi|two|several|second|secondary|another|conflicting|competing)[- ]?objectives?
        lexicographic\w*|trade-?offs?|tie-?break\w*|in case of (?:a )?ties?|also (?:be )?minimi[sz]\w*
        (?:minimi[sz]\w*|small) as well
        (?:find|seek|want|need|look for|determine|compute) (?:a |the |all )?(?:saddle|stationary|critical) points?
        local (?:minimum|optimum|minimi[sz]er) (?:is|suffices|only)
        # logic
        either|unless|excepting|nothing (?:but|else)|but (?:not|no|never|only)\b|except|exceptions?|exclud\w+
        exclusiv\w+|otherwise|whenever|else|provided (?:that|V|C|E|N|it|they|x|the (?!data|code|source|file|instance))
        as long as|so long as|in case|in the case|in which case|depending on|iff|impl(?:y|ies)|whichever|wherever
        mutual\w*|mutex|at a time|at once|simultaneous\w*|compatible|incompatible|combine[sd]? with|conditional\w*
        (?<!ill-)(?<!well-)conditioned|logical\w*
        not all|for some
        (?:two|three|four|five|\d+|several|any|half) of (?:(?:the|them|these|those|all)\b|~)(?! (?:papers|authors|terms|methods|references))
        at least one of|none of|no two|any two|any three|some of|only some
        # cardinality
        exactly|precisely|all[- ]different|alldiff\w*|distinct\w*|pairwise|each other|one another|no repeat\w*
        repeat\w*|duplicat\w*|permut\w+|unique values|cardinality|spars\w+
        number of (?:non|positive|negative|active|used|chosen|selected|open|zero|different)[\w-]*
        """
    )
    + r")(?!\w)"
)

# Comparisons, sums, duties: they change it unless they only say what a formula beside them states.
SOFT = re.compile(
    r"\b(?:"
    + alternatives(
        rf"""
        # comparison
        available (?:only |just )?(?:in|as|with|at|from|sizes?|for)\b
        (?:is|are) available(?! (?:online|at|on|from|upon|here|in \[))
        at (?:the )?(?:most|least)(?! squares)|(?:no|not|nor|never|any) (?:more|less|fewer|\w+er) than
        (?:not|never|cannot) (?:be )?(?:exceed\w*|surpass\w*|fall|drop|go|rise|pass)|exceed\w*|surpass\w*|outweigh\w*
        undercut\w*|dominat\w+|precede\w*
        (?:more|less|fewer|greater|larger|smaller|bigger|higher|lower|longer|shorter|wider|narrower|broader|thicker|thinner|heavier|lighter|taller|deeper|closer|nearer|farther|further|steeper|hotter|colder|warmer|cooler|earlier|later|faster|slower|stronger|weaker|older|newer|cheaper|costlier|sooner|steadier|shallower|richer|poorer|fuller|slimmer|softer) than(?! (?:expected|usual|before|i |it (?:looks|seems)|a (?:week|month|year|decade|century)|(?:\w+ )?(?:years?|months?|weeks?|papers?|methods?|authors?|people)\b|other|others|any other|those of|mine|we thought))
        (?:equals?|equal(?:ed|ling)? to|identical|coincide\w*|the same (?:value|as|size|length|width|height|amount|thickness|diameter|for|number)|all the same|same (?:value|size|length|width|height|amount|thickness|diameter)s?|equality|equals each other|match(?:es)?(?! the (?:literature|paper|results?|book|published|one))|agree(?:s)? with|tally|tallies)
        (?:is|are|be|being|stay\w*|lie\w*|lying|remain\w*|keep\w*|kept|fall\w*|go|goes|held|hold|below|or) (?:strictly |well |always |somewhere |at |set |fixed )*(?:above|below|under|beneath|beyond|between|within|inside|outside)\b
        between (?={_NUMBER}\b|the (?:{_ORDINAL})|and|minus|-)|half(?: (?:of|the|as|a|its|that|what))?|twice|thrice
        (?:two|three|four|five|six|ten|\d+|N|several|many) times\b(?! (?:faster|slower|already|before|now|a day))
        a (?:third|quarter|fifth|tenth)|one[- ](?:third|quarter|half|fifth|tenth)|two[- ]thirds|three[- ]quarters
        (?:in|a|the|fixed|constant|aspect) ratios? (?:of|is|between|{_NUMBER})|proportion of
        (?:large|long|wide|high|thick|big|much|many|great|heavy|tall|deep) as(?! possible)\b
        as (?:\w+ )as (?=the|{FORMULA})
        limited to|capped(?! (?:at (?:both|the|one|either|its|each)|~))|limited|scarce
        (?:limits?|constraints?|restrictions?|rules?|conditions?|bounds?) (?:also |still )?(?:apply|applies|exist|are in force)
        usual (?:constraints?|conditions|restrictions|limits)|caps?\b|ceilings?|thresholds?|quotas?
        (?:up|down) to (?:a |the )?(?:maximum|minimum|limit|{_NUMBER})|in excess
        upper (?:limit|bound)s? (?:of|is|for|on)|lower (?:limit|bound)s? (?:of|is|for|on)|minimum of {_NUMBER}
        maximum of {_NUMBER}|or (?:more|less|fewer|above|below|larger|smaller|greater|higher|lower)\b
        from {_NUMBER} (?:to|up)
        # sums, shares, things that are used up
        (?:add|adds|added|adding|sum|sums|summed|summing|amount|amounts|amounting|total|totals|totalling|totaling) (?:\w+ )?(?:up )?(?:to|up)\b
        add up
        (?:sum|total|product|average|mean of) (?:\w+ ){{0,6}}?(?:is|are|be|being|equals?|stays?|remains?)\b(?! (?:to be )?(?:[ODES]\b|given|defined|minimal|minimi[sz]ed|minimum|smallest|least|computed|the|known as|called|taken|a|an|smooth|convex|expensive))
        in total|altogether|all together|taken together
        together (?:\w+ )?(?:make|give|weigh|cost|be|must|are|is|at|form|not)|jointly|in sum|collectively
        sum of squares (?:is|of)|proportions?|percent\w*|per cent|%|normali[sz]ed
        unit (?:norm|length|sum|simplex|ball|sphere|circle|vector)|on the simplex|probability simplex
        convex combination|partition of unity|used up|use up|spent|spend|spends
        fully (?:invested|used|spent|allocated|booked|loaded|staffed|charged)|exhaust\w*|make up|makes up
        complement\w*|balanced|balances?(?= *(?:[.,;]|$))|in balance|conserved|conservation of
        meets? (?:the |its |their |all )?(?:\w+ )?demands?|the rest (?:of|goes|is|are)|remainder|whatever is left
        common (?:value|total|length|size|width|height|radius)|budget
        # signs
        non-?negativ\w*|non-?positiv\w*|strictly|non-?zero\w*|nonvanishing|vanish\w*|opposite signs?|same signs?
        signs?\b(?! convention)|alternat\w+
        # conditions
        or\b(?! (?:so|rather|any (?:hints?|help|ideas?)|references?|links?|papers?|advice|comments?|suggestions?|even better|better)\b)
        (?<!wonder )(?<!know )(?<!see )(?<!check )(?<!ask )(?<!sure )(?<!as )if\b
        when\b(?! (?:i|we|you|solving|using|running|starting|it comes)\b)
        (?:with|having) (?:the )?(?:highest|largest|greatest|biggest|most|maximal)
        (?:highest|largest|greatest|biggest) \w+ (?:wins|is best|is wanted|is sought|counts|is needed)
        from (?P<same>(?!time\b)\w+) to (?P=same)
        # duties, what is fixed or forbidden
        must|mustn't|should(?:n't)?|shall|shan't|ought|ha(?:s|ve|d) to|having to|needs? to|need (?:not |only )?be
        needn't|required|requires?|requirements?|mandatory|compulsory|obligat\w+|forced|forces (?:the|it|V|x|us)
        feasible \w+ (?:is|are) (?:those|all|the ones)
        (?:think of|take|pick|fix|round|keep|hold|double|restrict|limit|make|treat|regard|leave|count|allow|force|sort|order|multiply|divide|scale|halve|freeze) (?:only |all )?V\b
        forbid\w*|forbidden|prohibit\w*|disallow\w*|rule[sd]? out
        not (?:allowed|permitted|possible|admissible|acceptable|feasible|be|exist)|may not|might not|can only|may only
        only|never|always|permit\w*|permissible|admissible|allowed|allowable|acceptable|infeasible|illegal|legal
        invalid|by law|the law (?:requires|says|allows)|regulation\w*|polic(?:y|ies)|ensur\w+|guarante\w+|enforc\w+
        insist\w*|see to it|make sure|cannot|can ?not|can't|won't|essential|crucial|vital|imperative|necessar\w+
        important that|strict|open (?:interval|set|box)|(?:is|are) (?:binding|active)(?! at)|mind that|watch out
        beware|take care|avoid\w*|prevent\w*|restrict\w*|constrain(?:ed|s|ing)?|fixed|fix|freeze|frozen|pinned|tied
        coupled by|linked|clamped (?:to|between|at (?:\d|N|S))|held at|held|kept|keep|keeps|keeping|set to|set equal
        constant(?! (?:is|N|D|S)\b)|hold[s]? constant|no longer|stay|stays|remain|remains|without|nor|neither
        # figures
        (?:on|in|inside|within|outside) (?:the|a|this|that|some) (?:unit |same |upper |lower |positive )?(?:circle|line|plane|sphere|ball|disc|disk|triangle|simplex|polygon|ellipse|half[- ]plane|quadrant|orthant|curve|surface|cone|ring|annulus|manifold|hyperplane|diagonal)
        square (?:base|bottom|lid|floor|plot|field|ground|box|plate)|equilateral|isosceles|right[- ]angled|congruent
        (?:do|does|is|are|be|did|was|were|will|would|has|have) not|(?:do|does|is|are|did|was|were|has|have)n't|sorted
        ordered|orders?\b(?= (?:of (?:size|magnitude|increas|decreas)|statistics))|ascending|descending
        increasing(?:ly)?|decreasing(?:ly)?|monoton\w+|non-?(?:in|de)creasing|consecutive|successive
        (?<!matrix is )(?<!matrices are )(?<!hessian is )(?<!a )symmetric\w*(?! (?:positive|matri))|mirror\w*
        antisymmetric|in (?:increasing|decreasing|ascending|descending|reverse)
        """
    )
    + r")(?!\w)"
)

# These count where the sentence speaks of a variable.
WEAK = re.compile(
    r"\b(?:"
    + alternatives(
        r"""
        not|no|none|can ?not|can't|don't|doesn't|isn't|aren't|won't|if|when|or|while|until|once|may|might|can|assum\w+
        suppos\w+
        equal\w*|same|different\w*|differ\w*|above|below|under|over|inside|outside|between|beyond|minimum|maximum
        minimal|maximal|smallest|largest|longest|shortest|highest|lowest|limits?|ranges?|ris(?:es?|ing)|falls?|increases?|decreases?|grows?
        shrinks?|counts?|percentages?|indices|ranks?
        sums?|total|averages?|products?|ratios?|shares?|fractions?|parallel|orthogonal|perpendicular|zeros?|positiv\w*
        negativ\w*|steps?
        two|three|four|five|six|seven|eight|nine|ten|both|many|few|several|most|follows?(?!-)|related|relat\w+|values?
        valid|active|inactive|used|chosen|selected|neglect\w*|scaled|proportional\w*|adjacent|neighbou?r(?:s|ing)?
        completely|entirely|fully|plus|minus
        """
    )
    + r")(?!\w)"
)

# What speaks of variables.
MENTION = re.compile(
    rf"\bV\b|\b(?:variables?|coordinates?|unknowns?|decision variables?|design (?:variables?|vector|parameters?)|entr(?:y|ies)|components? of (?:x|the (?:vector|solution)|V)|decisions|the vector|weights"
    rf"|(?:each|every|any|no|all)(?: of the| the)? (?:values?|sizes?|lengths?|quantities|numbers|amounts)|all (?:two|three|four|five|six|of them)|(?:the|every|each|any|all) (?:{_ORDINAL} )?(?:component|entry|element|parameter|coordinate|dimension)s?|(?:the )?(?:{_ORDINAL}) (?:one|two|three|V)|x)\b"
)

# A sentence in which variables are named behind what they are, and of which nothing is said: "two tanks with volumes V and V".
NAMES_ONLY = re.compile(
    r"(?:(?!\b(?:variables?|coordinates?|unknowns?|entr(?:y|ies)|components?|decisions|elements?|equal\w*|differ\w*|same|V (?!and\b|or\b|,))\b)[^V])*"
    r"(?<=[a-z] )(?<!is )(?<!are )(?<!be )(?<!than )(?<!if )(?<!when )(?<!and )(?<!or )(?<!that )V(?:(?:,| and|, and)+ (?:[a-z]+ ){0,3}V)*"
    r"(?: (?:of|for|in|at|with|from|on|above|below|over|between|under|along|inside|outside|per) [^VBC]*)?[.,:;)]*"
)

# Numbers in words where they are predicates: "is two".
NUMBER_WORD = re.compile(
    rf"\b(?:is|are|be|being|equals?|to|by|of) (?:zero|one|two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|a dozen)(?=[\s,.;]*$|[,.;]| {UNIT}\b| and\b| or\b| [BCDOV]\b)"
)
DIGITS = re.compile(r"(?<![\w.])[-+]?\d[\d.,]*(?:e-?\d+)?(?![\w])\s*(?:%)?|(?<![\w.])\d[\d.]*(?=[a-z])")

# Number words that count things: "the three stages", "two stirred tanks".
COUNTED = re.compile(
    r"(?<!\w)(?:"
    + alternatives(
        r"""
        (?:a|an|the|of|with|has|have|consists of|made of|this|our|my|following|these|those|and|for|between|by|at|under|its|with the) (?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|both)(?= (?!of\b|variables?\b|times\b|units?\b|coordinates?\b|components?\b|entries\b|or\b|and\b|mm\b|cm\b|percent\b|values?\b|levels?\b|are\b|is\b|must\b|should\b|have\b|may\b|can\b)[a-z]+)
        (?<!least )(?<!most )(?<!exactly )(?<!than )(?<!only )(?<!or )(?<!is )(?<!are )(?<!by )(?<!any )(?<!no )(?<!to )(?<!be )(?<!equals )(?<!times )(?<!every )(?<!each )(?<!just )(?<!of )(?:two|three|four|five|six|seven|eight|nine|ten|twelve)(?= (?:(?!of\b|or\b|and\b)[a-z]+ )?(?!variables\b|times\b|units\b|coordinates\b|components\b|entries\b|values\b|levels\b|is\b|digits\b|decimals\b|pieces\b|multiples\b|sizes\b|steps\b|others\b|thirds\b|quarters\b|fifths\b|halves\b)[a-z]{3,}s\b)
        (?:one|two|three|four|five|six|seven|eight|nine|ten|both)[- ](?:bars?|dimensional|stage|step|phase|parts?|circles?|towns?|sites?|ends?|supports?|steps?|members?|rods?|springs?|plates?|materials?|constraints?|inequalit(?:y|ies)|equations?|generators?|reactors?|tanks?|terms?|functions?|objects?|points?|sides?|faces?|layers?|peaks?|valleys?|criteria|quantities|stresses|loads?|forces?|machines?|plants?|units? share|methods?|papers?|books?|authors?|cases?|examples?|kinds?|types?|sections?|data sets?)
        """
    )
    + r")(?!\w)"
)

# A bare condition right before or behind a formula: "x <= 1 or x >= 2", "but not x <= 0".
BESIDE = re.compile(rf"\b(?P<word>odd|even|not|or|if|when|nor|else|except)(?=\s+{FORMULA}\b)")
# What is said of a variable, unless it says what it is, how it is measured or where it occurs.
SAID = re.compile(
    rf"(?<=\b[VB] )(?!(?:and|or|is (?:the|a|an|that|its|called|measured|given|denoted|expressed|named|defined|known|just|real|continuous|~)|are (?:the|its|(?:the )?\w+s(?: of| in| at| on| from|(?=[.,;]|$))|measured"
    rf"|given|called|expressed|those|denoted|defined|named|real|continuous|~)|denotes?|represents?|stands?|describes?|means|refers?|gives|measures|in|of|for|to"
    rf"|with|on|at|from|by|that|which|as|where|subject|such|respectively|be|the|a|an|over|we|it|here|has|have|appears?|enters?|occurs?|minimi\w+"
    rf"|belongs?|corresponds?|being|given|if|when|s\.t\.|st|{UNIT}|[a-z]\b|mit|et|y|con|avec|und|ist|est|es|pour|para|fur|wo|ou|sous|unter|sowie|sujeto|holds?|hold|all|each|every|here|then|so|can|while|whereas|furthermore|moreover|note|thanks|we|the|budget|at|up|max|maximum|no)\b)[a-z]+"
)
BEHIND = re.compile(r"(?<=[VSE]) (?:(?:is|are|be|being|stays?|remains?) )+(?:positive|negative|zero|one)\b")
