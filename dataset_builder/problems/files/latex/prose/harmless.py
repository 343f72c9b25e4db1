"""Harmless English phrases with words of ``restrictions``, which are blanked before a sentence is judged."""

from __future__ import annotations

import re

from llamoco.dataset_builder.problems.files.latex.prose.restrictions import UNIT, alternatives

_YEAR = r"(?:1[6-9]\d\d|20\d\d)"
_SOURCE = r"(?:fig(?:ure|s|\.)?|tab(?:le|s|\.)?|eqs?\.?|equations?|sections?|sec\.|chapters?|ch\.|exercises?|ex\.|problems?|prob\.|examples?|theorems?|lemmas?|propositions?|appendix|pages?|pp?\.|vol(?:ume|\.)?|no\.|nr\.|number|nos?\.|algorithms?|line|case|instance|test(?: (?:case|problem|function))?|version|item|question|part|edition|assignment|homework|lecture|task|week|release|python|matlab|scipy|windows|ubuntu)"
HARMLESS = tuple(
    re.compile(rf"(?<!\w)(?:{alternatives(text)})(?!\w)")
    for text in (
        rf"""
        {_SOURCE} ?\(?[a-z]?\d[\d.]*[a-z]?\)?(?:(?:,| and| to| -|-) ?\(?\d[\d.]*\)?)*
        \[\d[\d, -]*\]|\(?(?:in |of |from |since |, |\()?{_YEAR}[a-z]?\)?(?! ?{UNIT}\b)|\d+(?:st|nd|rd|th) (?:century|edition)
        [a-z]{{1,4}}-?\d{{1,4}}\b|isbn [\d -]+|doi:?\s*\S+|https?:\S+|\d+\.\d+/\S+|arxiv:?\s*\S+
        \d+\(\d+\)(?:, ?\d+(?: ?- ?\d+)?)?
        (?:hock|schittkowski|hs|cec|g|f|tp|problem) ?{_YEAR}?,? ?\d+
        \d\d?[./]\d\d?[./]\d{{2,4}}
        \d\d?(?:st|nd|rd|th|\.)? (?:january|february|march|april|may|june|july|august|september|october|november|december)(?:,? {_YEAR})?
        (?:january|february|march|april|may|june|july|august|september|october|november|december) (?:\d\d?(?:st|nd|rd|th)?,? )?{_YEAR}
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
        minimi[sz](?:e|es|ed|ing|ation)(?: problem)?|(?:smaller|lower|less) is better
        as small as (?:possible|we can|you can)
        (?:small|low|cheap|light|short)(?:est)? (?:possible |total )?(?:cost|weight|volume|value|mass|error|price)
        so that it is least|at (?:least|minimum|minimal|lowest) (?:cost|weight|volume|expense)
        of (?:least|minimum|minimal) (?:cost|weight|volume)|least[- ]squares|least cost
        minimum[- ](?:weight|cost|volume|mass|energy)
        (?:be )?chosen (?:such |so )?that (?:the )?(?:following )?(?:objective|function|cost|it) (?:function )?is (?:minimal|minimi[sz]ed|least|smallest)
        """,
        # introductions
        r"""
        over(?= (?:V\b|all |the (?:box|domain|set|region|square|variables|interval|unit|space)))
        subject (?:to|the)(?: the)?(?: following)?(?: (?:constraints?|system|conditions?|inequalit(?:y|ies)|equations?|bounds|limits|restrictions))?
        such that(?: the following (?:constraints |conditions |inequalities |equations )?(?:hold|are satisfied|are met))?(?= ?[:,OBCDVNSE]| *$)
        with respect to|w\.r\.t\.?|as follows|the following|in order to|of the form|given by|defined (?:by|as|through)
        denotes?|stands? for|is short for|that is(?= to)|not only|the only|only one (?:minimum|optimum)
        (?:the )?(?:inequality |equality |nonlinear |linear |box |bound |side |design |physical |behaviou?r |stress )?(?:constraints?|conditions?|bounds|limits|restrictions?|box|search space|domain|feasible (?:set|region|box|points?)|design space|inequalities|requirements)(?: (?:is|are|read|reads|satisfy|obey|given by|on [a-z ]{1,30} are|of the problem|of the design|for the [a-z ]{1,20}))*(?: as follows)?(?= ?:? ?[OBCD]\b| ?:? *$)
        the (?:first|last|other|remaining|next) (?:one|two|three|four|five|six|ones)? ?(?:lies?|are|is|live|range|vary|must lie) in(?= [BD])
        we restrict the search to(?= [BCD])|(?:is|are) bounded(?: by)?(?=:? [BCD])
        (?:variables?|they|all|parameters?|and|which|that|x|V) (?:live|lie|are|is|must lie|have to lie|should lie|range|vary|varies|bounded) in(?= [BD]\b)
        (?:it )?(?:has|have) to satisfy(?= [BCD])
        (?:must|should|shall) (?:hold|satisfy|fulfil|be satisfied|obey)(?= ?:? [BCD])
        i (?:also )?(?:need|know|require)(?: that)?(?= [BCD])
        (?:we|one) (?:need|require|must have|should have|have|know|want|demand)(?: that)?(?= [BCD])
        it (?:must|should) hold(?: that)?(?= ?:? [BCD])|satisf(?:y|ies|ying)(?= [BCD])|are real(?: numbers)?
        real (?:numbers?|variables?|values?|valued)|real-valued|(?:is|are|be) continuous|continuous(?:ly)?
        """,
        # what is not
        r"""
        (?:do|does|is|are|was|were|did|could|would|has|have|will|can)(?: not|n't) (?:yet |be |been |very |always |even |really |a |an |the |in |seem |look )*(?:convex|concave|smooth|differentiable|continuous|linear|separable|known|available|easy|trivial|unique|clear|sure|obvious|converg\w+|work|help|matter|exist|depend|published|stated|reported|shown|found|come|get|seem|important|relevant|yet|new|mine|noisy|random|stochastic|expensive|cheap|difficult|hard|closed|explicit|analytic\w*|simple|original|good|attained|reached|solved|understood|to scale|successful|documented|covered|discussed|derived)\b
        (?:not noisy|no noise|noise-?free|noiseless|not unique|not convex|nor (?:convex|smooth|differentiable|linear)|neither (?:convex|smooth|differentiable|linear)|non-?convex|not (?:smooth|differentiable|linear|separable|known|available|easy|trivial))
        (?:\w+ )?(?:found|gave|got|reached|reports?|reported|obtain(?:s|ed)?|returned|returns|achieve[sd]?|yields?|yielded|gets)(?: (?:f|a|an|value|values|of|around|about|roughly|objective|result|results|cost|as))* \d[\d.,]*(?:e-?\d+)?
        """,
        # phrases with such words
        r"""
        always (?:end|get|got|fail|converge|stop|find|return|stuck)\w*
        only (?:a|an|one (?:global )?(?:minimum|optimum)|recently|a sketch|as an|been|because|to illustrate)\b(?! (?:few|fraction|third|half|quarter|single|finite))
        never been|without (?:loss|success|derivatives?|proof|gradients?|further|any (?:success|luck))
        requires? (?:a|an|the) (?:\w+ )?(?:simulation|solution|call|run|integration|evaluation|solver|lot|knowledge)
        (?:spring|elastic|gas|material|rate|time|boltzmann|physical|gravitational|universal|lipschitz|given) constants?
        fixed (?:at (?:one|its|the|both)|ends?|supports?|pivot|point|frame|base|wall)|keep in mind|keep getting
        (?:gradient|derivative|hessian|jacobian|determinant)s?[\w ]{0,30} vanish\w*
        the (?:\w+ )?(?:constraints?|inequalit(?:y|ies)|conditions?|bounds?|ones?) (?:limits?|bounds?|restricts?|keeps?|describes?|models?|reflects?|represents?|concerns?|accounts? for|ensures?|guarantees?|prevents?|avoids?)\b
        the (?:first|second|third|fourth|fifth|last|other) (?:term|constraint|inequality|summand|part)s?(?= (?:is|are|of|limits?|bounds?|represents?|models?|describes?|accounts?|concerns?|stands?|comes)\b)
        (?:allowable|admissible|permissible|maximum|minimum|maximal|yield|ultimate) (?:\w+ )?(?:stress|deflection|load|strain|displacement|pressure|temperature|thickness|force)(?:es|s)?(?= (?:[SVED]\b|of the|in the|for the)|,| ?$)
        necessary (?:and sufficient|conditions?|optimality)|to avoid (?:confusion|notation\w*|clutter|division)
        (?:we )?restrict (?:ourselves|attention|our attention)|it remains to
        remain\w* (?:open|unsolved|unknown|challenging|popular|difficult)
        constrained (?:\w+ )?(?:optimi[sz]ation|problems?|minimi[sz]ation|nonlinear|test|case|program\w*|design|benchmark|version)
        at least (?:for me|in theory|in principle|i think|as far as|to my knowledge)
        (?:can ?not|can't) be (?:computed|differentiated|solved|evaluated|expressed|given|shown|found|guaranteed|decomposed|obtained|written)
        (?:can ?not|can't) (?:compute|provide|share|find|say|tell|publish|show|solve)
        (?:do|does|did)(?: not|n't) (?:know|have|trust|care|see|understand|think|need|worry|mind|provide|give|support|affect|influence|improve|play|converge|want to)
        omit\w* (?:the )?(?:details?|proof|units?|arguments?|index|indices|derivation|dependence)
        (?:are|is) omitted (?:for brevity|here)
        (?:exactly the same|solved exactly|exactly as in) ?(?:problem|setting)?|affect each other|either way
        (?:which|what|a|any|another|good|best) (?:solver|algorithm|method|package|library|software|book|paper)s? or
        see if|check if
        """,
        # chat
        r"""
        (?:i'?m|i am|we are|we're|am) (?:not )?(?:sure|stuck|looking|trying|working|wondering|new)|i wonder if
        if (?:you (?:know|have (?!to)|can|could|want|need|like|are|would|see|find|happen|wish|think)|anybody|anyone|someone|somebody|that helps|this helps|possible|necessary|needed|any)\b[^,.]*
        any (?:help|hints?|ideas?|advice|suggestions?|pointers?)[\w ]*
        thanks?(?: you)?(?: (?:a lot|in advance|for [\w ]+))?|please[\w ]*? (?:help|advise|tell|let me know)[\w ]*
        let me know[\w ]*|hope (?:it|this|that) [\w ]+
        i (?:have|'ve) (?:not|never|only|already) (?:\w+ )?(?:used|seen|tried|found|worked|heard|read|had)
        my (?:own )?(?:code|solver|program|script|attempts?|implementation) [\w ]+
        (?:which|what) (?:solver|algorithm|method|optimi[sz]er)s? (?:\w+ )*
        (?:should|can|could|may|do|would) (?:i|you|we|one|anyone|anybody)\b(?! (?:only|not|use only))
        i (?:do not|don't|did not|didn't|cannot|can't|could not|couldn't|can|could|will|want to|need to|need the|have) (?!\w* ?(?:at least|at most))(?:\w+ ){0,2}(?:know|understand|solve|find|get|use|run|help|work|post|ask|minimum|believe|think|remember|afford|wait|figure)?
        """,
        # numbers of what is not a variable, times, machines
        r"""
        (?:takes?|took|lasts?|runs?|ran|running|costs?|needs?|within|after|for|about|some|roughly|around|every|in|wait(?:ed|ing)?|of|up to|than) (?:about |around |roughly |some |at least |more than |up to |almost |nearly |over )*(?:\d[\d.,]*(?: ?- ?\d+)?|one|two|three|four|five|six|ten|twenty|several|a few|half an|an|many|a) (?:milliseconds?|microseconds?|seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|ms|min|cpu|cores?|cpu[- ](?:seconds?|hours?))(?: (?:ago|each|long|old|or so|or more))?
        \d+ (?:constraints?|inequalit(?:y|ies)|equations?|terms?|towns?|sites?|generators?|members?|bars?|local minima|data points|measurements?|observations?|samples?|authors?|cores?|cpus?|gb|runs|questions?|students?|pages?|papers?|citations?|[a-z]+-bar)
        """,
    )
)
