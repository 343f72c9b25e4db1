"""English phrases about the origin of a problem, its quantities and the purpose of its constraints."""

from __future__ import annotations

import re

from llamoco.dataset_builder.problems.files.latex.prose.restrictions import alternatives

_CONSTRAINT = (
    r"(?:constraints?|inequalit(?:y|ies)|equations?|equalit(?:y|ies)|conditions?|bounds?|relations?|terms?)"
)
_GIVEN_ONE = rf"(?:(?:the (?:\w+ ){{0,2}}|these |this |those |both |our )(?:\w+ )?{_CONSTRAINT})"

# Phrases that change nothing.
PHRASES = re.compile(
    r"(?<!\w)(?:"
    + alternatives(
        r"""
        # quantities
        (?:if|when|where) V (?:is|are|denotes?|represents?) the (?:\w+ ){0,2}(?:sides?|lengths?|widths?|heights?|depths?|radius|radii|diameters?|thickness|amounts?|prices?|times?|distances?|costs?|areas?|volumes?|rates?|positions?|coordinates?)\b
        (?:amount|quantity|number of units|units|tons|tonnes|litres|kilograms) of (?:the )?products?\b
        (?:is|are|be|denotes?|means|as) the (?:fraction|share|proportion|percentage)s? of (?:the )?(?!(?:first|second|third|last|other|others|rest|one)\b)[a-z]+(?: (?:capital|income|wealth|budget|money|feed|flow|output))?(?: (?:invested|allocated|spent|put|held|placed|used))?(?: (?:in|into|on|for) (?:the )?[a-z]+)?(?= ?[VSN]\b|[,.;]|$)
        (?:(?:is|are|be|denotes?) )?(?:the )?(?:vector of )?expected (?:returns?|yields?)(?: vectors?)?(?: (?:are|is|of(?: the)? \w+))?(?=[ ,.;]|$)(?! (?:must|should|shall|has|have|above|below|no|not|at|exceed\w*|over|under)\b)
        (?:the )?(?:costs?|benefits?|profits?|revenues?|prices?|weights?|losses|loss|energy|power|utility|value) (?:of|for|from|when) (?:\w+ ){1,3}V is(?= E\b)
        (?:power|mass|energy|element|atom|material|heat|flow|force|moment|component|water|momentum|charge|load|demand)[ -](?:balances?|conservation)(?= (?:reads?|is|are|equations?|at|of|for|in|constraints?|holds?|gives?|follows?|with)\b|:|,? C\b)
        (?:constraint|equation|equality|condition|relation)s? (?:is|are|states?|describes?|gives?|represents?|expresses?) (?:the |a |an |our )?(?:\w+ )?balances?(?= *(?:[.,;]|$| of | at | for ))
        (?:up to|apart from) (?:an? )?(?:additive |multiplicative |irrelevant |unimportant )*constants?(?: terms?| factors?)?
        time[- ]steps?(?: sizes?| lengths?)?(?: (?:of|is))?(?= ?[DS]\b)|(?:with (?:a |the )?)?(?:step(?: size)?|sampling (?:time|period))(?= D\b)
        discreti[sz](?:e|es|ed|ing|ation of) (?:the )?(?:time|horizon|problem|dynamics|system|odes?|differential equations?|domain|continuous[- ]time \w+)
        V (?:is|are) (?:spent|invested|paid|charged) (?:on|for|in) [a-z]+(?= *(?:[.,;]|$))
        (?:amounts?|quantit(?:y|ies)) of (?:the )?(?:\w+ )?products?\b|number of (?:active |inactive )?(?:coils|turns|windings)
        over(?= (?:the )?[a-z]+ V\b)|over (?:the |a |an )?(?:[a-z]+ |~+ ){0,2}(?:hours?|days?|weeks?|months?|years?|periods?|time|horizon|seconds?|minutes?|season)
        # what happens in the story
        (?:has|have|needs?) to (?:carry|support|bear|withstand|hold|transmit|deliver|supply|serve) (?:an? |the |its )?(?:\w+ ){0,2}(?:loads?|forces?|moments?|torques?|weights?|pressures?)(?! (?:of (?:at|no|less|more)|greater|larger|above|below|in excess)\b)
        (?:is |are |being )?(?:under|subjected to|exposed to|loaded by) (?:an? |the |its (?:own )?|internal |external )*(?:[a-z]+ )?(?:loads?|loading|forces?|pressures?|tension|compression|stress|moments?|torsion|torque|weight)(?= (?:[SDV]\b|of [SDN]\b|at|on|and|from|in)|[,.;]|$)
        (?:a |the |cylindrical |tin |soda |beer |metal |aluminium |aluminum |closed |open ){1,4}can(?= (?:with|of|that|is|has|holds|should|whose|made|from)\b|[,.;]|$)
        (?:that |which )?can be (?:made|built|cut|formed|constructed|produced|inscribed|manufactured|obtained)(?= (?:from|out of|with|in|of|by|using)\b)
        (?:we|i|you|one|they|which|that|company|firm|planner|operator|controller|engineer|manager|shop|farmer) (?:can|may|could) (?:freely )?(?:choose|control|vary|adjust|change|decide|set|select|influence|tune)(?= (?:the |its |their |both |how |V)|[,.;]|$)(?! (?:only|at most|at least|no more)\b)
        follows?(?= ?:?(?: the| an?)? ?(?:D\b|arrhenius|power|linear|law))
        consecutive (?:[a-z]+ )?(?:reactions?|chapters?|papers?|days?|periods?|points?|nodes?)
        closest to the (?:data|measurements?|observations?)
        (?:batter(?:y|ies)|storages?|capacitors?|vehicles?|cars?) (?:is|are|can be|gets?) charged|dis-?charged|charged and(?= ~| dis)
        (?:must|should|has to|have to|needs? to) (?:equal|match|meet|cover|satisfy|be equal to) (?:the |our |its |this )?(?:[a-z]+ )?(?:demand|load|supply|requirement)s?(?= ?[,:]? ?(?:i\.e\.,? ?|that is,? ?|so )?C\b)
        (?<=C )(?:must|has to|have to|should|needs? to) (?:hold|be satisfied|be met|be fulfilled|be observed)
        (?:(?:must|may|should|shall|can|does|do|is|are)(?: ?not| never)|cannot) (?:be )?(?:exceed|surpass|(?:larger|greater|higher|more) than|above)(?: (?:the|a|its|an))?(?: [a-z]+){0,3}(?= D')
        (?:(?:must|may|should|shall|can|does|do|is|are)(?: ?not| never)|cannot) (?:be )?(?:fall below|smaller than|less than|lower than|below)(?: (?:the|a|its|an))?(?: [a-z]+){0,3}(?= D')
        (?:is|are) (?:limited|restricted) (?:to|by)(?: (?:the|a|its|an))?(?: [a-z]+){0,3}(?= D')
        (?:no )?short[ -]?(?:selling|sales?|positions?)(?: (?:is|are) (?:not |dis)?(?:allowed|permitted|excluded|forbidden|prohibited|ruled out))?(?=[,:]? ?(?:i\.e\.,? ?|that is,? ?|so )?[BC]\b)
        units (?:are|were) omitted|maximum[- ]likelihood|piecewise (?:constant|linear|continuous)|both (?:in|measured in|given in) [a-z]{1,5}(?=[),.;]| *$)
        constrained to (?:an?|the) (?:disc|disk|circle|ball|box|square|ellipse|line|cube|sphere|ring|simplex|triangle)(?= ?:? ?(?:[OBC]\b|$))
        (?:is|are) (?:limited|bounded|restricted|constrained)(?=[,:] ?B\b)|sells? in (?:[a-z]+ |~+ ){1,2}markets?|allocat\w+ (?:the|an?|our|its) (?:\w+ )?budgets?(?= ?[:,.;])
        (?:ratio|fraction|share|percentage)s?(?= V\b)|(?:goes|runs|leads|moves|travels|flies|path|route|line|curve) from E to E
        inscribed in (?:an?|the|this) (?:given )?(?:circle|sphere|ellipse|triangle|semicircle|cone|square|ellipsoid)
        # what is to be found
        (?:find|finding|determine|determining|compute|look for|looking for|seek|seeking|choose|choosing|obtain|estimate|estimating|get|getting) (?:the |those |optimal |best |such )*values? (?:of|for) (?:(?:V|S|variables?|unknowns?|(?:the )?(?:decision |design )?(?:variables|parameters))(?:,? and |, )?)+(?= ?(?:which|that|to|such that|so as|so that|by|for|in|with|from|O|[,.;:]|$))
        (?:the )?(?:solution|optimum|minimum|answer|result|minimi[sz]er|optimal (?:value|point|solution)) (?:should|must|ought to|has to|is supposed to) (?:be |lie )?(?:somewhere )?(?:near|around|close to|about|approximately|something like|roughly)(?= ?(?:V|S|D|C|E|N|\d))
        (?:standard|usual|default) (?:starting|initial) (?:points?|guess|values?)
        (?:(?:the|my|our|an?|we|i|to) ){0,2}(?:search )?(?:start(?:s|ing)?|initial|begin(?:s|ning)?)(?: (?:guess|points?|values?|vector|design|search|from|at|with|is|are)){0,4}:?(?= ?[BCDVSE]\b)
        (?:should|must|shall|has to|can|may|will) be (?:started|initiali[sz]ed)(?= (?:at|from|with|in)\b)|(?:should|must|shall|will|can) (?:start|begin)(?= (?:at|from|with)\b)
        (?:in )?(?:standard|canonical|epigraph|matrix|compact|vector) (?:form|notation)
        # what did not work
        keeps? (?:failing|crashing|getting|returning|diverging|stopping|giving|running|going|telling|complaining|saying|oscillating)
        it (?:does|did|do)(?: not|n't)(?= *(?:[.,;!]|$))|inequality constraints incompatible|positive directional derivative
        fixed (?:an?|the|my|some|that) (?:typos?|mistakes?|errors?|signs?|bugs?)
        (?:solve|solved|solving|compute|computed|find) (?:it|this|the problem|them)? ?(?:up )?to (?:a|an|within an?) (?:tolerance|accuracy|precision) of \d[\d.e-]*(?: digits)?
        """
    )
    + r")(?!\w)"
)

# What a constraint is for; what decides (integers, steps, ...) still counts in it.
EXPLAINED = re.compile(
    rf"(?<!\w){_GIVEN_ONE}(?: (?:\w+ ){{0,3}}?(?:and|,) {_GIVEN_ONE})? (?:C |D |\(\w+\) )?(?:just |simply |then |also )?"
    r"(?:ensures?|guarantees?|enforces?|means?|says?|states?|expresses|express|prevents?|makes? sure|reflects?|represents?|models?|describes?|accounts?|comes?"
    r"|corresponds?|relates?|stands?|captures?|is there|are there|limits?|keeps?|is due|are due|follows?|is obtained|arises?)\b(?! (?:only|either|unless|if)\b)[^.;OBCD]*"
)
QUESTION = re.compile(
    r"(?:and |but |so |now |my question(?: is)?:? |question:? )?(?:where|what|which|how|why|who|is there|are there|is this|is it|can (?:i|we|you|anyone|anybody|someone|this|it|the)|could (?:i|we|you|anyone|someone|this|it)"
    r"|do (?:i|we|you)|does (?:anyone|anybody|someone|this|it|the)|any|should (?:i|we)|am i)\b"
)
