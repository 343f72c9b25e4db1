"""Languages of sentences, and words of languages other than English that may restrict or change a problem.

Sentences in languages whose words are not listed here cannot be judged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple


class Language(NamedTuple):
    """Words of one language.

    Attributes:
        hard, soft, mention, weak: as in ``restrictions``.
        harmless: phrases that change nothing.
    """

    hard: re.Pattern[str]
    soft: re.Pattern[str]
    mention: re.Pattern[str]
    weak: re.Pattern[str]
    harmless: re.Pattern[str]


def _words(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(' '.join(text.split()).split(' / '))})(?!\w)")


LANGUAGES: Mapping[str, Language] = {
    "german": Language(
        hard=_words(
            r"""ganzzahl\w* / ganze\w* (?:zahl\w*|milli\w*|zenti\w*|einheit\w*|stuck\w*|meter|tonnen) / naturliche\w* zahl\w* / diskret\w* / binar\w* / gerade\w*(?: zahl\w*)? / ungerade\w*
            / vielfache\w* / standard\w* / norm(?:gross\w*|mass\w*|reihe\w*) / handelsublich\w* / katalog\w* / lagerhaltig\w* / vorratig / erhaltlich / lieferbar / verfugbar\w* / gewahlt aus / aus der liste / eine[rs]? der
            / schritt\w* / schrittweite\w* / raster\w* / gitter\w* / stufen\w* / abgestuft\w* / gerundet\w* / runden / rundung\w* / aufgerundet / abgerundet / auflosung / nachkommastell\w* / dezimal\w*
            / modulo / periodisch\w* / zyklisch\w* / straf\w* / zuschlag\w* / zuschlage / ignorier\w* / vernachlassig\w* / ohne den / verdoppel\w* / doppelt\w* / halbier\w* / rabatt\w* / zuzuglich / abzuglich / plus / minus / gewichtet
            / verrauscht\w* / rausch\w* / zufall\w* / stochastisch\w* / unsicher\w* / erwartungswert\w* / maximier\w* / maximum / maxima / moglichst gross\w* / so gross wie moglich / grosstmoglich\w* / grosste\w* / hochste[rn]? / je grosser
            / entweder / oder / falls / sofern / wenn / es sei denn / ausser\w* / sonst / ansonsten / andernfalls / abhangig von / je nach / genau / alle verschieden / verschieden\w* / paarweise / unterschiedlich\w* / jeweils nur"""
        ),
        soft=_words(
            r"""muss\w* / mussen / soll\w* / darf / durfen / durfte\w* / kann nur / nur / niemals / nie / nicht / kein\w* / weder / noch / ohne / verboten / erlaubt\w* / zulassig\w* / unzulassig\w* / gefordert / erforderlich\w* / notwendig\w*
            / hochstens / hoechstens / mindestens / maximal\w* / minimal\w* / mehr als / weniger als / (?:gross|klein|hoh|nied|lang|kurz|breit|dick|schwer|leicht)\w*er (?:als|gleich) / uberschreit\w* / ubersteig\w* / unterschreit\w* / zwischen / oberhalb / unterhalb / innerhalb / ausserhalb
            / halb\w* / halfte / zweimal / dreimal / gleich\w* / identisch\w* / summe\w* / summier\w* / insgesamt / zusammen / anteil\w* ergeb\w* / ergeben / prozent\w* / aufgeteilt / verhaltnis\w* / proportional\w* / normier\w* / budget
            / nichtnegativ\w* / positiv\w* / negativ\w* / null / vorzeichen / aufsteigend\w* / absteigend\w* / sortiert\w* / geordnet\w* / monoton\w* / wachsend\w* / fallend\w* / symmetrisch\w* / konstant\w* / fest\w* / fixiert\w* / begrenzt\w* / beschrankt\w* / eingehalten / einhalten"""
        ),
        mention=_words(
            r"""V / variable\w* / komponente\w* / eintrag\w* / eintrage\w* / unbekannte\w* / erste\w* / zweite\w* / dritte\w* / letzte\w* / alle"""
        ),
        weak=_words(
            r"""ein / eins / zwei / drei / vier / funf / beide\w* / anteil\w* / wert\w* / winkel\w* / bereich\w* / ganz\w*"""
        ),
        harmless=_words(
            r"""gesucht ist das minimum von / gesucht ist das minimum / (?:das |ein )?(?:globale |bekannte |beste )?minimum / zu minimieren\w* / minimier\w* / nebenbedingungen(?: sind)? / unter den nebenbedingungen / schranken / zielfunktion / moglichst klein\w* / so klein wie moglich
            / vielen dank(?: im voraus)? / danke\w* / mit freundlichen grussen / wer kann (?:mir )?helfen / ich komme nicht weiter / (?:bild|abbildung|tabelle|abschnitt|kapitel|aufgabe|gleichung|seite|band) \(?\d[\d.]*\)? / (?:im jahr |von |aus |\()?(?:1[89]|20)\d\d\)? / abhangig von den
            / nicht (?:konvex|bekannt|differenzierbar|linear|glatt|verfugbar|eindeutig|klar|sicher|weiter|leicht|einfach|schwer|stetig)\w* / muss gelten(?=:? [BCD]) / es (?:gilt|gelte)(?=:? [BCD]) / soll(?:en)? gelten(?=:? [BCD]) / mussen erfullt sein / sind erfullt / soll minimiert werden / ist zu minimieren / reelle\w*"""
        ),
    ),
    "french": Language(
        hard=_words(
            r"""entier\w* / nombres? entiers? / naturels? / discr(?:et|ete|ets|etes)\w* / binaires? / booleen\w* / paire?s? / impaire?s? / multiples? / standard\w* / normalise\w* / catalogue\w* / en stock / disponibles? / choisie?s? (?:dans|parmi|entre) / parmi / l'une? des / une? des
            / (?:par|un|le|au|de) pas / pas de (?:\d|N) / increment\w* / grille\w* / arrondi\w* / resolution / decimale?s? / modulo / periodique\w* / cyclique\w* / penali\w* / penalite\w* / ignor\w* / neglig\w* / doubl\w* / majore\w* / remise\w* / augmente\w* / diminue\w* / moins le / bruit\w* / aleatoire\w* / stochastique\w* / incertain\w* / esperance
            / maximis\w* / maximum / maxima\w* / plus grand\w* / plus eleve\w* / le plus possible / le plus de / soit / ou / si / sauf / sinon / a moins / autrement / lorsque / des que / selon / exactement / distincte?s? / differente?s? / deux a deux"""
        ),
        soft=_words(
            r"""doit / doivent / devra\w* / devrai\w* / faut / faudra / peut / peuvent / ne / n' / non / jamais / aucune?s? / seulement / uniquement / interdit\w* / permise?s? / autorise\w* / admissible\w* / obligatoire\w* / necessaire\w* / exige\w* / impose\w* / sans
            / au plus / au moins / (?:plus|moins) (?:de|que|d'|grande?s?|petite?s?) / inferieure?s? / superieure?s? / depass\w* / exced\w* / entre / dessus / dessous / moitie / demie? / double / triple / fois / egale?s?(?: a)? / egaux / identique\w* / meme\w* / somme\w* / total\w* / au total / ensemble / proportion\w* / pourcent\w* / pour ?cent / ratio / rapport (?:de|entre|est|egal) / budget
            / positi\w* / negati\w* / nulle?s? / nul / zero / signe\w* / croissant\w* / decroissant\w* / trie\w* / ordonne\w* / monoton\w* / symetrique\w* / constante? / fixe\w* / limite\w* / borne\w* par / contraint\w*"""
        ),
        mention=_words(
            r"""V / variables? / composantes? / inconnues? / premiere?s? / deuxiemes? / seconde?s? / dernieres? / toutes / tous"""
        ),
        weak=_words(r"""une? / deux / trois / quatre / cinq / valeurs? / angles? / parts?"""),
        harmless=_words(
            r"""on minimise / minimis\w* / sous les contraintes / sous contraintes? / (?:les )?contraintes(?: sont)?(?=:? ?[BCD]) / contraintes / fonction a minimiser / (?:le )?minimum(?: global| connu)?(?: est)? / bornes / il faut minimiser / doit etre minimisee? / le plus petit possible / merci\w*(?: d'avance| beaucoup)? / s'il vous plait
            / (?:n'est|ne sont|est) (?:pas )?(?:non )?(?:convexe|connu|lisse|derivable|differentiable|disponible|lineaire|facile)\w* / beaucoup de (?:minima|minimums) / problemes? / tel(?:le)?s? que / (?:figure|tableau|section|chapitre|exercice|equation|page) \(?\d[\d.]*\)? / (?:en |de |\()?(?:1[89]|20)\d\d\)? / (?:doit|doivent) (?:verifier|satisfaire)(?=:? [BCD]) / une? (?:fonction|probleme|poutre|solution) / pour une? / est une? / d'une? / reel\w*"""
        ),
    ),
    "spanish": Language(
        hard=_words(
            r"""enter[oa]s? / numeros? enteros? / naturales / discret[oa]s? / binari[oa]s? / pares? / impares? / multiplos? / estandar\w* / normalizad[oa]s? / comercial\w* / catalogo\w* / disponibles? / elegid[oa]s? (?:de|entre) / escogid\w+ / un[oa]? de l[oa]s
            / pasos? / incremento\w* / rejilla / malla / redonde\w* / resolucion / decimal\w* / modulo / periodic[oa]s? / ciclic[oa]s? / penaliz\w* / penalidad\w* / multa\w* / ignora\w* / desprecia\w* / dobl\w* / duplic\w* / descuento\w* / recargo\w* / mas el / menos el / ruido\w* / aleatori[oa]s? / estocastic[oa]s? / inciert[oa]s?
            / maximiz\w* / maxim[oa]s?(?! \d| Q| numero) / mas grande\w* / mayor posible / lo mas (?:grande|alto) / o / u / si / salvo / excepto / a menos que / si no / de lo contrario / cuando / segun / exactamente / distint[oa]s? / diferentes?"""
        ),
        soft=_words(
            r"""debe\w* / deben / tienen? que / ha de / han de / hay que / puede\w* / no / nunca / jamas / ningun[oa]?s? / ni / solo / solamente / unicamente / prohibid\w* / permitid\w* / admisible\w* / obligatori\w* / necesari\w* / exige\w* / sin
            / a lo sumo / como maximo / como minimo / al menos / por lo menos / mas de / mas que / menos de / menos que / mayor\w* / menor\w* / supera\w* / exced\w* / inferior\w* / superior\w* / entre / encima / debajo / mitad / medio / doble / triple / veces / igual\w* / identic[oa]s? / mism[oa]s? / suma\w* / suman / total\w* / en total / juntos / proporcion\w* / porcentaje\w* / por ciento / presupuesto
            / positiv[oa]s? / negativ[oa]s? / nul[oa]s? / cero / signo\w* / creciente\w* / decreciente\w* / ordenad[oa]s? / monoton\w* / simetric[oa]s? / constante / fij[oa]s? / limitad[oa]s? / acotad[oa]s? / restringid[oa]s?"""
        ),
        mention=_words(
            r"""V / variables? / componentes? / incognitas? / primer[oa]?s? / segund[oa]s? / tercer[oa]?s? / ultim[oa]s? / tod[oa]s"""
        ),
        weak=_words(r"""un[oa]? / dos / tres / cuatro / cinco / valor\w* / angulos?"""),
        harmless=_words(
            r"""minimizar / minimiz\w* / sujeto a / sujeta a / tal(?:es)? que / cotas / limites / restricciones(?: son)? / (?:el )?minimo(?: global| conocido)?(?: es)? / lo mas pequen[oa] posible / (?:muchas )?gracias(?: de antemano)? / debe ser minimizad[oa] / (?:figura|tabla|seccion|capitulo|ejercicio|ecuacion|pagina) \(?\d[\d.]*\)?
            / no (?:es|son) (?:convex|conocid|suave|diferenciable|disponible|lineal|facil)\w* / muchos minimos / (?:en |de |\()?(?:1[89]|20)\d\d\)? / (?:debe|deben) (?:cumplir|satisfacer)(?=:? [BCD]) / un[oa]? (?:funcion|problema|viga|solucion) / para un[oa]? / es un[oa]? / de un[oa]? / reales"""
        ),
    ),
}

_COMMON: Mapping[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "english": """the a an of is are be to in and for by with we on at as it that this which where from has have not no
            or if all must subject each any can such than its was were been you i my our their there here one two both more most least
            minimize minimise find let thanks bounds function evaluations constraints design optimization
            optimisation box given objective cost over under per up only when they them then been into only these those what how has
            see also about after again am another because before below between did do does even every example few first following get good had
            however know large last like made make many may me much new next now often out own part please same several should show shown simple
            since small so some still take thank three through thus until us use used very want way well while who why will without would yet your
            hello hi dear regards""",
        "german": """der die das und ist sind von zu mit im in den dem des ein eine einer eines fur auf als nicht wird werden soll sollen muss
            mussen nur oder gesucht alle auch aus bei nach uber durch sich es wir ich man unter wo dabei nebenbedingungen schranken auswertungen
            erlaubt summe danke vielen hochstens mindestens darf durfen hat haben kann konnen sein jede jeder""",
        "french": """le la les un une des du de et est sont a au aux pour par dans sur avec que qui on ne pas se ce cette ou ou il elle doit
            doivent nous sous contraintes bornes evaluations fonction minimise merci somme entre plus tout tous toutes etre ont""",
        "spanish": """el la los las un una de del y es son a al para por en con que se no lo su sus debe deben cada como o donde sujeto cotas
            evaluaciones funcion minimizar gracias suma entre mas todo todos todas ser han hay""",
        "other": """il lo gli della delle degli dei nel nella sono essere devono deve che per con una ogni tutte tutti somma variabili vincoli
            dove soggetto minimizzare numeri interi non piu
            o os uma das dos nao sao deve devem com para soma onde sujeito cada todas variaveis funcao inteiros inteiras maximo mais ser
            het een van zijn moet moeten niet en voor met op aan worden alle gehele som waarbij waar onder gehele variabelen geheel
            och ar ska skall inte som att med av alla heltal maste summan
            og er skal ikke som at med af alle heltal summen
            jest sa musi musza nie sie na do wszystkie liczby calkowite zmienne suma
            jsou musi nesmi vsechny celociselne promenne soucet ve
            olmalidir ve bir ile tum degiskenler tamsayi toplam
            ja on taytyy ovat kaikki kokonaislukuja summa
            si sunt trebuie toate variabilele intregi suma
            es hogy az kell legyen minden valtozo egesz""",
    }.items()
}
_TELLING = 8  # so many words without a common one are of no known language
_WORD = re.compile(r"[^\W\d_A-Z][^\W\d_A-Z.']*")
_LATIN = re.compile(r"[a-z\u00df-\u024f'.-]*")
_CHINESE = re.compile(
    r"(?:最小化|目标函数|目标|约束条件|约束|其中|变量|边界|取值范围|范围|预算|函数评估|评估|次数|次|函数|使得|满足|求解|求|问题|考虑|最小值|的|为|和|：|，|、|（|）|在|下)+"
)


def languages_of(text: str, fallback: str = "english") -> list[str]:
    """The languages that a sentence may be in: of ``LANGUAGES``, or "english"; none if it is in another one.

    Args:
        text: as ``sentences`` makes it.
        fallback: what to take where its words do not tell.
    """
    words = _WORD.findall(" ".join(w for w in text.split() if "://" not in w and "@" not in w))
    if any(not _LATIN.fullmatch(word) and not _CHINESE.fullmatch(word) for word in words):
        return []
    words = [word for word in words if _LATIN.fullmatch(word)]
    counts = {name: sum(word in common for word in words) for name, common in _COMMON.items()}
    best = max(counts.values())
    if best == 0:
        return [fallback] if len(words) < _TELLING else []
    likely = [name for name, count in counts.items() if count == best]
    return (
        [] if "other" in likely and fallback not in likely else [name for name in likely if name != "other"]
    )
